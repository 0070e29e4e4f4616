using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>The page of questions at its word: each is asked over HTTP and in SQL, and both know the answer.</summary>
public sealed partial class When_an_operator_is_asked(BusAndDatabase servers)
{
    const int Questions = 10;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_answer_as_the_page_of_questions_says()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        // On a host as it is deployed, with all that ASP.NET Core logs of a request.
        await using var host = await HostProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Serilog:MinimumLevel:Override:Microsoft"] = "Information" }
        );
        using var posted = await host.Client.PostAsJsonAsync(
            new Uri("/v1/events/order-placed", UriKind.Relative),
            JsonElement.Parse(
                """
                {"eventId":"order-placed-4711","orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},
                 "buyer":{"id":"buyer-7"},"seller":{"id":"seller-7","email":"Som@Example.com","pushTokens":["token-of-seller-7"]}}
                """
            )
        );
        posted.EnsureSuccessStatusCode();
        await record.UntilDelivered(1, Soon);
        await record.Execute("UPDATE delivery_attempt SET provider_message_id = '20261130.4711' WHERE channel = 'email'");

        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "questions.md"));
        var questions = Sections().Matches(page).ToList();
        questions.Count.ShouldBe(Questions);
        foreach (var question in questions)
        {
            var title = question.Groups["title"].Value;
            var path = question.Groups["path"].Value;
            var isEmpty =
                title.Contains("failed", StringComparison.Ordinal)
                || title.Contains("waits for", StringComparison.Ordinal)
                || title.Contains("still", StringComparison.Ordinal);
            var listed = await host.Client.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));
            var (_, rows) = await record.Read(question.Groups["sql"].Value);

            if (isEmpty)
                (listed.GetProperty("notifications").GetArrayLength(), rows).ShouldBe((0, 0), title);
            else
                rows.ShouldBeGreaterThan(0, title);
            // That none of the channel's ended so is an answer too.
            if (!isEmpty && !path.Contains("partly-delivered", StringComparison.Ordinal))
                listed.GetProperty("notifications").GetArrayLength().ShouldBe(1, title);
        }

        host.Output.ToString().ShouldContain("Request starting");
        host.Output.ToString().ShouldNotContain("som@example.com", Case.Insensitive);
        host.Output.ToString().ShouldNotContain("som%40example.com", Case.Insensitive);
    }

    [GeneratedRegex(
        """### (?<title>[^\n]*)\n(.(?!###))*?curl -s "\$HOST(?<path>[^"]*)"(.(?!###))*?psql "\$DATABASE" -c "(?<sql>[^"]*)"\n""",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 5000
    )]
    private static partial Regex Sections();
}
