using System.Net;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace NotificationBus.Tests.Host;

/// <summary>The description names every address, is the one that is checked in, and is kept to.</summary>
public sealed class When_the_API_describes_itself(RunningHost host) : IClassFixture<RunningHost>
{
    const string Address = "/openapi/v1.json";
    const string Write = "NOTIFICATIONBUS_WRITE_DOCS";
    const string Command =
        $"{Write}=true dotnet run --project tests/NotificationBus.Tests -- -class '*{nameof(When_the_API_describes_itself)}'";

    // Pages, and what other protocols describe.
    static readonly string[] NotDescribed = ["/inbox", "/docs", "/openapi", "/health", "/healthz", "/metrics"];

    static readonly string File = Path.Combine(The_dependency_rule.Root(), "docs", "openapi.json");

    [Fact]
    public async Task Should_name_every_address_there_is()
    {
        var described = (await Paths()).EnumerateObject().Select(path => path.Name).ToList();

        var there = host
            .Routes.Where(route => !NotDescribed.Any(other => route == other || route.StartsWith($"{other}/", StringComparison.Ordinal)))
            .Select(route => route.Replace(":guid", "", StringComparison.Ordinal))
            .Where(route => route != "/v1/events/{name}")
            .Concat(Occurrence.ByName.Keys.Select(name => $"/v1/events/{name}"));
        described.Order(StringComparer.Ordinal).ShouldBe(there.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Should_be_what_is_checked_in()
    {
        var served = JsonSerializer.Serialize((await host.Get(Address)).Json, Indented) + "\n";
        if (Environment.GetEnvironmentVariable(Write) == "true")
            await System.IO.File.WriteAllTextAsync(File, served);

        (await System.IO.File.ReadAllTextAsync(File)).ShouldBe(served, $"docs/openapi.json is stale. Write it anew: {Command}");
    }

    [Fact]
    public async Task Should_say_of_every_operation_what_it_does_and_how_it_fails()
    {
        foreach (var (operation, described) in Operations(await Paths()))
        {
            described.GetProperty("summary").GetString().ShouldNotBeNullOrEmpty(operation);
            described.GetProperty("operationId").GetString().ShouldNotBeNullOrEmpty(operation);
            described.GetProperty("responses").TryGetProperty("400", out _).ShouldBeTrue(operation);
        }

        Operations(await Paths())
            .GroupBy(operation => operation.Described.GetProperty("operationId").GetString(), StringComparer.Ordinal)
            .Where(operations => operations.Count() > 1)
            .ShouldBeEmpty();
    }

    /// <summary>B: whatever the description allows, and a little beyond: no answer that it does not name.</summary>
    [Fact]
    public async Task Should_answer_nothing_that_it_does_not_say()
    {
        const int Samples = 30;
        var document = (await host.Get(Address)).Json;
        foreach (var (operation, described) in Operations(document.GetProperty("paths")))
        {
            var words = operation.Split(' ');
            var named = described.GetProperty("responses").EnumerateObject().Select(answer => answer.Name).ToList();
            foreach (var (path, body) in DescribedCall.Of(words[1], described, document).Sample(Samples, new Rnd(20261201), Samples))
            {
                using var content = body is null ? null : RunningHost.Json(System.Text.Encoding.UTF8.GetBytes(body));
                // What is cancelled before it is there is waited for.
                var answer = await host.Send(new HttpMethod(words[0]), path, content, ("Prefer", "wait=0"));

                named.ShouldContain($"{(int)answer.Status}", $"{operation}: {path} {body}: {answer.Body}");
                answer.Status.ShouldNotBe(HttpStatusCode.ServiceUnavailable, $"{operation}: {path} {body}");
            }
        }
    }

    [Fact]
    public async Task Should_show_a_page_that_asks_nothing_of_anybody_else()
    {
        var page = await host.Get("/docs/");
        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Body.ShouldContain("openapi/v1.json");
        page.Body.ShouldNotContain("//cdn");
        (await host.Get("/docs/scalar.js")).Status.ShouldBe(HttpStatusCode.OK);
    }

    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    async Task<JsonElement> Paths() => (await host.Get(Address)).Json.GetProperty("paths");

    static IEnumerable<(string Operation, JsonElement Described)> Operations(JsonElement paths) =>
        paths
            .EnumerateObject()
            .SelectMany(
                path => path.Value.EnumerateObject(),
                (path, operation) => ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value)
            );
}
