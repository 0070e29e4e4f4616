using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace NotificationBus.Tests.Host;

public sealed class When_the_host_is_started(ITestOutputHelper test)
{
    [Fact]
    public async Task Should_keep_what_it_announces()
    {
        await using var host = HostProgram.Start(Development);
        var open = await host.Line(line => line.StartsWith("Open ", StringComparison.Ordinal));
        var shown = await host.Line(line => line.StartsWith("Inbox ", StringComparison.Ordinal));
        var curl = await host.Line(line => line.StartsWith("Try ", StringComparison.Ordinal));
        using var client = new HttpClient();

        using var shell = Process.Start(
            new ProcessStartInfo("bash", ["-c", curl["Try".Length..].Trim()]) { UseShellExecute = false, RedirectStandardOutput = true }
        )!;
        (await shell.StandardOutput.ReadToEndAsync()).ShouldContain("\"status\":\"accepted\"");
        await shell.WaitForExitAsync();
        var sinceCurl = Stopwatch.StartNew();

        var inbox = new Uri(shown["Inbox".Length..].Trim());
        JsonElement[] caught;
        do
        {
            caught = JsonSerializer.Deserialize<JsonElement[]>(await client.GetStringAsync(new Uri($"{inbox}/deliveries")))!;
        } while (caught.Length < 2 && sinceCurl.Elapsed < RunningHost.Patience);

        test.WriteLine($"From curl's answer to the inbox: {sinceCurl.ElapsedMilliseconds} ms");
        caught.Select(delivery => delivery.GetProperty("channel").GetString()).Order(StringComparer.Ordinal).ShouldBe(["email", "push"]);
        (await client.GetStringAsync(inbox)).ShouldContain("<html");
        (await client.GetStringAsync(new Uri(open["Open".Length..].Trim()))).ShouldContain("<h1>Overview</h1>");
    }

    [Fact]
    public async Task Should_log_one_object_a_line_without_a_person_in_it()
    {
        // The second provider has something to log: the first does not answer.
        await using var host = HostProgram.Start(
            Production,
            "--Channels:email:Providers=smtp,sandbox",
            "--Providers:smtp:Host=127.0.0.1",
            "--Providers:smtp:Port=1",
            "--Providers:smtp:Security=None",
            "--Providers:smtp:From=shop@example.com"
        );
        // The host refuses by the length alone and hangs up: a client that went on sending would meet a reset instead of the answer.
        using var patient = new SocketsHttpHandler { Expect100ContinueTimeout = RunningHost.Patience };
        using var client = new HttpClient(patient) { BaseAddress = await Address(host) };
        const string event_ = """
            {"orderId":"4711","product":"canary-product","total":{"amount":590,"currency":"THB"},"buyer":{"id":"b","name":"Canary-Buyer"},
             "seller":{"id":"s","name":"Canary-Seller","email":"canary@canary.example","phone":"+66812345678",
               "pushTokens":["canary-token"]}}
            """;

        foreach (
            var body in (string[])
                [
                    event_,
                    event_.Replace("canary@", "canary@@", StringComparison.Ordinal),
                    event_[..^9],
                    event_.Replace("590", "\"canary\"", StringComparison.Ordinal),
                ]
        )
        {
            using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
            using var answer = await client.PostAsync(new Uri("/v1/events/order-placed", UriKind.Relative), content);
            answer.StatusCode.ShouldBe(body == event_ ? HttpStatusCode.Accepted : HttpStatusCode.BadRequest);
        }

        using var tooLarge = new StringContent(
            new string(' ', 300_000),
            new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
        );
        using var call = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/events/order-placed", UriKind.Relative))
        {
            Content = tooLarge,
            Headers = { ExpectContinue = true },
        };
        using var refused = await client.SendAsync(call);
        refused.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);

        await host.Line(line => line.Contains("smtp", StringComparison.Ordinal));
        foreach (var line in host.Output)
        {
            JsonSerializer.Deserialize<JsonElement>(line).ValueKind.ShouldBe(JsonValueKind.Object, line);
            line.ShouldNotContain("canary", Case.Insensitive);
            line.ShouldNotContain("66812345678");
            line.ShouldNotContain("\"Level\":\"Error\"", customMessage: "what a caller does wrong is no error of ours");
        }
    }

    [Fact]
    public async Task Should_log_no_path_which_may_hold_an_address_or_a_token()
    {
        await using var host = HostProgram.Start(
            Production,
            "--Channels:email:Providers=resend",
            "--Providers:resend:ApiKey=re_1",
            "--Providers:resend:From=shop@example.com"
        );
        using var client = new HttpClient { BaseAddress = await Address(host) };

        using var content = new StringContent("{}");
        using var answer = await client.PostAsync(new Uri("/v1/receipts/resend", UriKind.Relative), content);

        var line = await host.Line(line => line.Contains("What was posted as a receipt", StringComparison.Ordinal));
        line.ShouldContain("\"RequestId\"");
        line.ShouldNotContain("/v1/receipts");
    }

    [Fact]
    public async Task Should_read_its_settings_from_the_environment_too()
    {
        await using var host = HostProgram.Start(
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Channels__email__Concurrency"] = "abc",
                ["Channels__email__Provders"] = "x",
            }
        );

        (await host.ExitCode()).ShouldBe(2);
        host.Output.ShouldBe(
            [
                "Channels:email:Concurrency must be a number",
                "Channels:email:Provders is unknown, allowed here are Providers, Routes, Concurrency, BulkConcurrency, RedeliveryDelays, "
                    + "AddressLimit, AddressWindow, Guard; did you mean Providers?",
            ],
            ignoreOrder: true
        );
    }

    [Fact]
    public async Task Should_start_though_a_tool_has_set_the_level_of_the_log()
    {
        await using var host = HostProgram.Start(
            new Dictionary<string, string>(Production, StringComparer.Ordinal) { ["Logging__LogLevel__Default"] = "Debug" }
        );

        await Address(host);

        host.Output.Where(line => line.Contains("\"Level\":\"Warning\"", StringComparison.Ordinal))
            .ShouldHaveSingleItem()
            .ShouldContain("Logging has no effect here; set Serilog:MinimumLevel:Default and Serilog:MinimumLevel:Override");
    }

    [Fact]
    public async Task Should_say_nothing_but_why_it_cannot_start()
    {
        await using var first = HostProgram.Start(Production);
        var taken = await Address(first);

        await using var second = HostProgram.Start(Production, $"--Urls={taken.GetLeftPart(UriPartial.Authority)}");

        (await second.ExitCode()).ShouldBe(2);
        second.Output.ShouldHaveSingleItem().ShouldStartWith("Urls: Failed to bind to address");
    }

    static IReadOnlyDictionary<string, string> Development { get; } = Environment("Development");

    static IReadOnlyDictionary<string, string> Production { get; } = Environment("Production");

    static Dictionary<string, string> Environment(string name) => new(StringComparer.Ordinal) { ["ASPNETCORE_ENVIRONMENT"] = name };

    static async Task<Uri> Address(HostProgram host)
    {
        var announcement = await host.Line(line => line.Contains("\"Address\":", StringComparison.Ordinal));
        return new Uri(JsonSerializer.Deserialize<JsonElement>(announcement).GetProperty("Properties").GetProperty("Address").GetString()!);
    }
}
