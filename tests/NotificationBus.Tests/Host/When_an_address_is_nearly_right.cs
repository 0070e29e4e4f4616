using System.Net;
using System.Text.Json;
using NotificationBus.Intake;

namespace NotificationBus.Tests.Host;

/// <summary>Whoever misspells a parameter or an id is told so, at every address of the API.</summary>
public sealed class When_an_address_is_nearly_right(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public async Task Should_name_a_parameter_that_nobody_reads_at_every_address()
    {
        var operations = (await host.Get("/openapi/v1.json"))
            .Json.GetProperty("paths")
            .EnumerateObject()
            .Where(path => path.Name.StartsWith("/v1/", StringComparison.Ordinal))
            .SelectMany(
                path => path.Value.EnumerateObject(),
                (path, operation) => (path.Name, Method: operation.Name, Described: operation.Value)
            )
            // What is called without a key is called by programs that add what they like.
            .Where(operation => operation.Described.GetProperty("security").GetArrayLength() > 0)
            .ToList();

        operations.Count.ShouldBeGreaterThan(60);
        foreach (var (path, method, described) in operations)
        {
            var answer = await host.Send(new HttpMethod(method.ToUpperInvariant()), $"{Filled(path)}?aplication=shop");

            var wrong = answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").ShouldHaveSingleItem();
            wrong.Key.ShouldBe("aplication", $"{method} {path}");
            wrong.Value.ShouldStartWith("is unknown", customMessage: $"{method} {path}");
            if (Takes(described, "application"))
                wrong.Value.ShouldEndWith("did you mean application?", customMessage: $"{method} {path}");
        }
    }

    [Fact]
    public async Task Should_name_no_more_of_them_than_anybody_mends()
    {
        var query = string.Join('&', Enumerable.Range(0, 1_000).Select(number => $"x{number}"));

        (await host.Get($"/v1/notifications?{query}"))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation")
            .Count.ShouldBe(IntakeRules.MostErrors);
    }

    [Fact]
    public async Task Should_say_that_an_id_is_a_UUID_at_every_address()
    {
        var operations = (await host.Get("/openapi/v1.json"))
            .Json.GetProperty("paths")
            .EnumerateObject()
            // The ids of keys are shorter.
            .Where(path => path.Name.Contains("/{id}") && !path.Name.StartsWith("/v1/keys/", StringComparison.Ordinal))
            .SelectMany(path => path.Value.EnumerateObject(), (path, operation) => (path.Name, Method: operation.Name))
            .ToList();

        operations.Count.ShouldBeGreaterThan(20);
        foreach (var (path, method) in operations)
        {
            var wrong = path.Replace("{id}", "4711", StringComparison.Ordinal).Replace("{deliveryId}", "x", StringComparison.Ordinal);
            var answer = await host.Send(new HttpMethod(method.ToUpperInvariant()), wrong);

            answer.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
            answer.Json.GetProperty("detail").GetString()!.ShouldStartWith($"Ids are UUIDs, and what stands for {{id}} in {path} is none.");
        }
    }

    [Fact]
    public async Task Should_not_speak_of_ids_where_there_is_none() =>
        (await host.Get("/v1/notification/4711")).Json.GetProperty("detail").GetString()!.ShouldNotContain("UUID");

    /// <summary>Also what packages map.</summary>
    [Theory]
    [InlineData("/docs/")]
    [InlineData("/docs/scalar.js")]
    [InlineData("/openapi/v1.json")]
    public async Task Should_answer_HEAD_as_GET(string path)
    {
        (await host.Get(path)).Status.ShouldBe(HttpStatusCode.OK);
        var answer = await host.Send(HttpMethod.Head, path);

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Body.ShouldBeEmpty();
    }

    static string Filled(string path) =>
        path.Replace("{id}", $"{Guid.Empty}", StringComparison.Ordinal)
            .Replace("{deliveryId}", $"{Guid.Empty}", StringComparison.Ordinal)
            .Replace("{account}", "sandbox", StringComparison.Ordinal)
            .Replace("{channel}", "email", StringComparison.Ordinal)
            .Replace("{address}", "a@example.com", StringComparison.Ordinal)
            .Replace("{category}", "order-placed", StringComparison.Ordinal)
            .Replace("{version}", "1", StringComparison.Ordinal);

    static bool Takes(JsonElement described, string parameter) =>
        described.TryGetProperty("parameters", out var parameters)
        && parameters.EnumerateArray().Any(one => one.GetProperty("name").GetString() == parameter);
}
