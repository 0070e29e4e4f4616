using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Intake;

namespace NotificationBus.Tests.Host;

/// <summary>The description names every address, is the one that is checked in, and is kept to.</summary>
public sealed class When_the_API_describes_itself(RunningHost host) : IClassFixture<RunningHost>
{
    const string Address = "/openapi/v1.json";
    const string Write = "NOTIFICATIONBUS_WRITE_DOCS";
    const string Command =
        $"{Write}=true dotnet run --project tests/NotificationBus.Tests -- -class '*{nameof(When_the_API_describes_itself)}'";

    // Pages, and what other protocols describe.
    // Pages, and what they are made of.
    static readonly string[] Console =
    [
        "/_blazor",
        "/_content",
        "/_framework",
        "/sign-in",
        "/sign-out",
        "/overview",
        "/problems",
        "/find",
        "/decisions",
        "/failures",
        "/providers",
        "/event-types",
        "/suppressions",
        "/texts",
        "/marketplace",
        "/diary",
        "/keys",
        "/notifications",
        "/notifications.csv",
        "/repairs",
        "/subscriptions",
    ];

    static readonly string[] NotDescribed = ["/inbox", "/docs", "/openapi", "/health", "/healthz", "/metrics", "/llms.txt", .. Console];

    static readonly string File = Path.Combine(The_dependency_rule.Root(), "docs", "openapi.json");

    [Fact]
    public async Task Should_name_every_address_there_is()
    {
        var described = (await Paths()).EnumerateObject().Select(path => path.Name).ToList();

        var there = host
            .Routes.Where(route => !NotDescribed.Any(other => route == other || route.StartsWith($"{other}/", StringComparison.Ordinal)))
            .Select(route => route.Replace(":guid", "", StringComparison.Ordinal))
            .Where(route => !route.StartsWith("/v1/events/{name}", StringComparison.Ordinal))
            // Those of gRPC begin with the name of a service, and describe themselves.
            .Where(route => !route.Split('/')[1].Contains('.'))
            .Concat(
                Occurrence
                    .ByName.Keys.Concat(host.Services.GetServices<IWithdrawalMap>().Select(map => map.Name))
                    .SelectMany(name => (string[])[$"/v1/events/{name}", $"/v1/events/{name}/batch"])
            );
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
    public void Should_answer_to_HEAD_whatever_it_answers_to_GET_but_for_streams() =>
        host
            .Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IEndpointSummaryMetadata>() is not null)
            .Select(route => (Path: route.RoutePattern.RawText, Methods: route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods))
            .Where(route => route.Methods.Contains(HttpMethods.Get) && !route.Methods.Contains(HttpMethods.Head))
            .Select(route => route.Path)
            .ShouldBe(["/v1/notifications/{id:guid}/events", "/v1/events"]);

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

    [Fact]
    public async Task Should_list_every_problem_and_every_reason()
    {
        var introduction = (await host.Get(Address)).Json.GetProperty("info").GetProperty("description").GetString()!;
        var source = await System.IO.File.ReadAllTextAsync(
            Path.Combine(The_dependency_rule.Root(), "src", "NotificationBus.Host", "Http", "Problems.cs")
        );
        var problems = Words(source, """Problem\(\s*(?:StatusCodes\.\w+|status),\s*"(?<word>[a-z-]+)",""")
            .Concat(Words(source, """ResendRefusal\.\w+ => \(\s*"(?<word>[a-z-]+)","""))
            .Where(word => !word.StartsWith("unknown-", StringComparison.Ordinal))
            .ToList();
        problems.Count.ShouldBeGreaterThan(50);
        var reasons = typeof(Contracts.ReasonCode).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        problems.Concat(reasons).Where(word => !introduction.Contains($"`{word}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_name_nothing_as_CSharp_does()
    {
        var said = Descriptions((await host.Get(Address)).Json).ToList();

        said.Count.ShouldBeGreaterThan(500);
        said.Where(text => Words(text, @"(?<word>\b[A-Z]\w*[a-z]\w*\.[A-Z]\w*|\bReasonCode\b|\w\? )").Any()).ShouldBeEmpty();
    }

    /// <summary>A subscriber and a reader of a stream are told nothing that the webhook of the description does not have.</summary>
    [Fact]
    public async Task Should_describe_what_is_told()
    {
        await using var own = new RunningHost();
        await own.InitializeAsync();
        var document = (await own.Get(Address)).Json;
        using var stream = await own.Client.GetAsync("/v1/events", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync());

        var order = document.GetProperty("paths").GetProperty("/v1/events/order-placed").GetProperty("post").GetProperty("requestBody");
        var example = order.GetProperty("content").GetProperty("application/json").GetProperty("example");
        (await own.Post("/v1/events/order-placed", $"{example}")).Status.ShouldBe(HttpStatusCode.Accepted);

        var told = new List<JsonElement>();
        while (told.Count == 0 || !$"{told[^1].GetProperty("type")}".StartsWith("notification.", StringComparison.Ordinal))
        {
            if ((await lines.ReadLineAsync()) is { } line && line.StartsWith("data: ", StringComparison.Ordinal))
                told.Add(JsonDocument.Parse(line["data: ".Length..]).RootElement);
        }

        var operation = document.GetProperty("webhooks").GetProperty("told").GetProperty("post");
        var body = operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json");
        body.GetProperty("schema").GetProperty("$ref").GetString().ShouldBe("#/components/schemas/ToldEvent");
        var schema = document.GetProperty("components").GetProperty("schemas").GetProperty("ToldEvent");
        told.Count.ShouldBeGreaterThan(1);
        foreach (var one in told.Append(body.GetProperty("example")))
            ShouldFit(one, schema);
    }

    static void ShouldFit(JsonElement value, JsonElement schema)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when schema.TryGetProperty("properties", out var properties):
                foreach (var required in schema.GetProperty("required").EnumerateArray())
                    value.TryGetProperty(required.GetString()!, out _).ShouldBeTrue($"{required} of {value}");
                foreach (var property in value.EnumerateObject())
                {
                    properties.TryGetProperty(property.Name, out var described).ShouldBeTrue($"{property.Name} of {value}");
                    ShouldFit(property.Value, described);
                }

                break;

            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                    ShouldFit(item, schema.GetProperty("items"));
                break;

            default:
                if (schema.TryGetProperty("enum", out var words))
                    words.EnumerateArray().Select(word => word.GetString()).ShouldContain(value.GetString());
                schema
                    .GetProperty("type")
                    .GetString()
                    .ShouldBe(
                        value.ValueKind switch
                        {
                            JsonValueKind.Number => "integer",
                            JsonValueKind.Object => "object",
                            _ => "string",
                        }
                    );
                break;
        }
    }

    static IEnumerable<string> Words(string text, string pattern) =>
        Regex.Matches(text, pattern, RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Select(match => match.Groups["word"].Value);

    static IEnumerable<string> Descriptions(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => element
                .EnumerateObject()
                .SelectMany(property =>
                    property is { Name: "description", Value.ValueKind: JsonValueKind.String }
                        ? [property.Value.GetString()!]
                        : Descriptions(property.Value)
                ),
            JsonValueKind.Array => element.EnumerateArray().SelectMany(Descriptions),
            _ => [],
        };

    /// <summary>What programs that write programs read: each address is there, and each body is taken.</summary>
    [Fact]
    public async Task Should_be_short_and_true_for_a_program()
    {
        var text = (await host.Get("/llms.txt")).Body;
        text.Length.ShouldBeLessThan(4096);
        var described = Operations(await Paths()).Select(operation => operation.Operation).ToHashSet(StringComparer.Ordinal);

        var named = Regex.Matches(text, "(?:GET|POST|PUT) /v1/[^ ?`\n]+", RegexOptions.None, TimeSpan.FromSeconds(1));
        named.Count.ShouldBeGreaterThan(8);
        named.Select(match => match.Value).Except(described, StringComparer.Ordinal).ShouldBeEmpty();
        foreach (var block in text.Split("```").Where((_, index) => index % 2 == 1))
        {
            var (line, body) = block.Trim().Split('\n', 2) is [var first, var rest] ? (first, rest) : (block, "");
            (await host.Post(line.Split(' ')[1], body, ("Prefer", "handling=strict"))).Status.ShouldBe(HttpStatusCode.Accepted, block);
        }
    }

    /// <summary>B: whatever the description allows, and a little beyond: no answer that it does not name.</summary>
    [Fact]
    public async Task Should_answer_nothing_that_it_does_not_say()
    {
        const int Samples = 30;
        var document = (await host.Get(Address)).Json;
        // A stream that is open does not end: When_a_service_reads_all_along asks for it.
        foreach (var (operation, described) in Operations(document.GetProperty("paths")).Where(one => one.Operation != "GET /v1/events"))
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

    /// <summary>Each example is what it is said to be: it is taken, or is about something that is not there.</summary>
    [Fact]
    public async Task Should_show_an_example_of_every_body_and_each_works()
    {
        await using var keyed = new HostWithKeys();
        await keyed.InitializeAsync();
        var operations = Operations(await Paths()).Where(operation => operation.Described.TryGetProperty("requestBody", out _)).ToList();

        operations.Count.ShouldBeGreaterThan(15);
        foreach (var (operation, described) in operations)
        {
            var words = operation.Split(' ');
            described
                .GetProperty("requestBody")
                .GetProperty("content")
                .GetProperty("application/json")
                .TryGetProperty("example", out var example)
                .ShouldBeTrue(operation);
            var path = words[1]
                .Replace("{account}", "sandbox", StringComparison.Ordinal)
                .Replace("{channel}", "email", StringComparison.Ordinal)
                .Replace("{category}", "announcement", StringComparison.Ordinal)
                .Replace("{id}", $"{Guid.Empty}", StringComparison.Ordinal)
                .Replace("{deliveryId}", $"{Guid.Empty}", StringComparison.Ordinal);

            // The key sees all applications, and has to say whose it means.
            var whose = path is "/v1/withdrawals" or "/v1/recipients/erase" ? "?application=default" : "";
            using var body = RunningHost.Json(System.Text.Encoding.UTF8.GetBytes(example.GetRawText()));
            var answer = await keyed.Host.Send(
                new HttpMethod(words[0]),
                path + whose,
                body,
                ("Authorization", $"Bearer {HostWithKeys.FirstKey}"),
                ("Prefer", "wait=0")
            );

            var isThere =
                path == words[1]
                || path.Contains("sandbox", StringComparison.Ordinal)
                || path.Contains("email", StringComparison.Ordinal)
                || path.Contains("announcement", StringComparison.Ordinal);
            if (isThere)
                ((int)answer.Status).ShouldBeInRange(200, 299, $"{operation}: {answer.Body}");
            else
                answer.Status.ShouldBeOneOf([HttpStatusCode.NotFound, HttpStatusCode.Accepted]);
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
