using System.Diagnostics;
using System.Net;
using System.Text.Json;
using MimeKit;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Emulators;
using NotificationBus.Sending;
using NotificationBus.Tests.Channels.Email;

namespace NotificationBus.Tests.Host;

/// <summary>Through the front door: a server of files, a mail server and an emulated vendor, all over TCP.</summary>
public sealed class When_files_are_attached : IAsyncLifetime
{
    const string Path = "/v1/notifications";

    static readonly byte[] Invoice = [.. "%PDF-1.7 "u8, 0, 255, 13, 10, 46, 13, 10];

    readonly HostedFiles _files = new();
    readonly ScriptedSmtpServer _smtp = new();
    Emulator? _emulator;
    RunningHost? _host;

    RunningHost Host => _host!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _emulator = await Emulator.Start();
        _files.Put("/invoice", Invoice);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await _emulator!.DisposeAsync();
        await _smtp.DisposeAsync();
        await _files.DisposeAsync();
    }

    async Task Start(params string[] settings)
    {
        _host = new RunningHost
        {
            Settings =
            [
                .. _emulator!.SettingsOf("resend").Select(one => $"--{one.Key}={one.Value}"),
                "--Providers:post:Type=smtp",
                $"--Providers:post:Port={_smtp.Port}",
                "--Providers:post:Host=127.0.0.1",
                "--Providers:post:From=shop@example.com",
                "--Providers:post:Security=None",
                "--Channels:email:Providers=resend,post",
                "--Redelivery:FirstDelay=00:00:00.1",
                "--Attachments:AllowPrivateAddresses=true",
                .. settings,
            ],
        };
        await _host.InitializeAsync();
    }

    [Fact]
    public async Task Should_fetch_it_once_for_all_that_are_asked()
    {
        await Start();
        _emulator!["resend"].Faults = [new Fault { Kind = FaultKind.Fail }];

        var done = await Done(Request(File("/invoice")));

        done.GetProperty("status").GetString().ShouldBe("delivered", $"{done}");
        _emulator["resend"].Requests.Last().Find("attachments.0.content").ShouldBe(Convert.ToBase64String(Invoice));
        var attached = (await Parsed(_smtp.Mails.ShouldHaveSingleItem())).Attachments.ShouldHaveSingleItem().ShouldBeOfType<MimePart>();
        attached.FileName.ShouldBe("invoice.pdf");
        using var octets = new MemoryStream();
        await attached.Content!.DecodeToAsync(octets, Cancellation);
        octets.ToArray().ShouldBe(Invoice);
        _files.Asked.ShouldHaveSingleItem();

        var delivery = done.GetProperty("deliveries")[0];
        var content = (await Host.Get($"{Path}/{Id(done)}/deliveries/{Id(delivery)}/content")).Json.GetProperty("files")[0];
        content.GetProperty("name").GetString().ShouldBe("invoice.pdf");
        content.GetProperty("octets").GetInt32().ShouldBe(Invoice.Length);
        (await Host.Get($"{Path}/{Id(done)}/explain")).Body.ShouldContain($"'invoice.pdf' (application/pdf, {Invoice.Length} octets)");
    }

    [Fact]
    public async Task Should_be_taken_over_the_bus()
    {
        await Start();

        await Host.Bus.Publish(
            new NotificationRequested
            {
                EventId = "by-bus",
                Category = "announcement",
                Recipient = new Contact { Id = "staff-1", Email = "staff@example.com" },
                Data = JsonDocument.Parse("""{"title":"T","text":"T"}""").RootElement,
                Email = new EmailExtras { Attachments = [new Attachment { Url = _files["/invoice"].AbsoluteUri, Name = "invoice.pdf" }] },
            },
            Cancellation
        );

        await Host.Until($"{Path}?recipient=staff-1&status=delivered", list => list.GetProperty("notifications").GetArrayLength() == 1);
        _emulator!["resend"].Requests.Last().Find("attachments.0.content").ShouldBe(Convert.ToBase64String(Invoice));
    }

    /// <summary>As for a vendor that is away: nothing is lost, and nothing fails.</summary>
    [Fact]
    public async Task Should_wait_for_what_is_not_there_now()
    {
        await Start("--EventTypes:announcement:Channels=email");
        _files.Put("/invoice", [], status: "503 Service Unavailable");

        var self = await Accepted(Request(File("/invoice")));
        var waiting = await Host.Until(
            self,
            one => one.TryGetProperty("deliveries", out var all) && all[0].TryGetProperty("waitingCode", out _)
        );
        waiting.GetProperty("deliveries")[0].GetProperty("waitingCode").GetString().ShouldBe("no-attachment");
        waiting.GetProperty("deliveries")[0].GetProperty("waitingFor").GetString()!.ShouldContain("'invoice.pdf' cannot be fetched");
        _emulator!["resend"].Requests.ShouldBeEmpty();

        _files.Put("/invoice", Invoice);
        (await Host.Outcome(self)).GetProperty("status").GetString().ShouldBe("delivered");
        _emulator["resend"].TakenCount.ShouldBe(1);
    }

    [Theory]
    [InlineData("404 Not Found", "", "application/pdf", 1, "answered 404")]
    [InlineData("302 Found", "Location: http://169.254.169.254/latest/meta-data/\r\n", "application/pdf", 1, "redirects are not followed")]
    [InlineData("200 OK", "", "text/html", 1, "another type")]
    [InlineData("200 OK", "", "application/pdf", 2_000, "larger than the 1000 octets")]
    public async Task Should_fail_with_what_is_refused_and_let_the_next_channel_go(
        string status,
        string header,
        string type,
        int length,
        string reason
    )
    {
        await Start(
            "--Attachments:MaxBytes=1000",
            "--EventTypes:announcement:Channels=email,push",
            "--EventTypes:announcement:Mode=FirstThatWorks"
        );
        _files.Put("/invoice", new byte[length], type, status, header);

        var done = await Done(Request(File("/invoice"), """ "pushTokens":["demo-token"] """));

        var email = done.GetProperty("deliveries").EnumerateArray().Single(one => one.GetProperty("channel").GetString() == "email");
        email.GetProperty("status").GetString().ShouldBe("failed", $"{done}");
        email.GetProperty("code").GetString().ShouldBe("no-attachment");
        email.GetProperty("reason").GetString()!.ShouldContain(reason);
        $"{done}".ShouldNotContain("169.254");
        done.GetProperty("status").GetString().ShouldBe("delivered");
        _emulator!["resend"].Requests.ShouldBeEmpty();
        var content = (await Host.Get($"{Path}/{Id(done)}/deliveries/{Id(email)}/content")).Json.GetProperty("files")[0];
        content.GetProperty("missing").GetString()!.ShouldContain(reason);
    }

    /// <summary>The turns of the channel are few here, so that those who would take them from others are seen.</summary>
    [Fact]
    public async Task Should_not_let_a_server_that_hangs_hold_up_anybody_else()
    {
        await Start("--EventTypes:announcement:Channels=email", "--Channels:email:Concurrency:Max=4", "--Attachments:Timeout=00:01:00");
        await using var hanging = new HostedFiles();
        hanging.Hang();
        var stuck = new List<string>();
        for (var index = 0; index < 60; index++)
            stuck.Add(await Accepted(Request($$"""{"url":"{{hanging[$"/{index}"]}}","name":"invoice.pdf"}""")));
        await Until(() => hanging.Asked.Count >= 2);

        var waiting = Stopwatch.StartNew();
        for (var index = 0; index < 20; index++)
        {
            (await Done(Request(file: null))).GetProperty("status").GetString().ShouldBe("delivered");
            (await Done(Request(File("/invoice")))).GetProperty("status").GetString().ShouldBe("delivered");
        }

        TestContext.Current.SendDiagnosticMessage($"40 e-mails beside a server of files that hangs: {waiting.Elapsed}");
        waiting.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(55), "the first fetch has not run into its time limit yet");
        hanging.Most.ShouldBeLessThanOrEqualTo(4);
        foreach (var self in stuck)
            (await Host.Get(self)).Json.GetProperty("status").GetString().ShouldBe("sending");

        for (var index = 0; index < stuck.Count; index++)
            hanging.Put($"/{index}", Invoice);
        hanging.Open();
        foreach (var self in stuck)
            (await Host.Outcome(self)).GetProperty("status").GetString().ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_hold_no_more_of_files_in_memory_than_it_may()
    {
        await Start("--EventTypes:announcement:Channels=email", "--Attachments:HostBytes=250000", "--Attachments:ServerConcurrency=20");
        var memory = Host.Of<FileMemory>();
        var most = 0L;
        _files.Answering = () => most = Math.Max(most, memory.Uses.Single().Used);
        _emulator!["resend"].Faults = [new Fault { Kind = FaultKind.Latency, Seconds = 0.2 }];
        var sent = new List<string>();
        for (var index = 0; index < 20; index++)
        {
            _files.Put($"/{index}", [.. Enumerable.Repeat((byte)index, 100_000)]);
            sent.Add(await Accepted(Request(File($"/{index}"))));
        }

        // Larger than all of it: alone it may.
        _files.Put("/large", new byte[300_000]);
        sent.Add(await Accepted(Request(File("/large"))));
        foreach (var self in sent)
            (await Host.Outcome(self)).GetProperty("status").GetString().ShouldBe("delivered");

        most.ShouldBeInRange(100_000, 300_000);
        await Until(() => memory.Uses.Single().Used == 0);
        _emulator["resend"].TakenCount.ShouldBe(21);
        Host.Of<FileServers>().Uses.ShouldAllBe(use => use.Used == 0);
    }

    /// <summary>A resend is a notification of its own, and so its file is fetched for it.</summary>
    [Fact]
    public async Task Should_go_along_when_it_is_sent_again()
    {
        await Start("--EventTypes:announcement:Channels=email");
        var done = await Done(Request(File("/invoice")));
        var delivery = Id(done.GetProperty("deliveries")[0]);

        var again = await Host.Post($"{Path}/{Id(done)}/deliveries/{delivery}/resend", """{"by":"ann","why":"asked for it"}""");

        again.Status.ShouldBe(HttpStatusCode.Accepted, again.Body);
        await Until(() => _emulator!["resend"].TakenCount == 2);
        _emulator!["resend"].Requests.Last().Find("attachments.0.content").ShouldBe(Convert.ToBase64String(Invoice));
    }

    [Fact]
    public async Task Should_not_be_taken_from_where_it_must_not_come()
    {
        await Start("--Attachments:AllowPrivateAddresses=false");

        var refused = await Host.Post(Path, Request(File("/invoice")));

        refused.ShouldBeProblem(HttpStatusCode.BadRequest, "validation").Keys.ShouldContain("email.attachments[0].url");
        _files.Asked.ShouldBeEmpty();
    }

    string File(string path) => $$"""{"url":"{{_files[path]}}","name":"invoice.pdf","contentType":"application/pdf"}""";

    static string Request(string? file, string? more = null)
    {
        var recipient = $"\"id\":\"staff-1\",\"email\":\"staff@example.com\"{(more is null ? "" : $",{more}")}";
        return $$$"""
            {"category":"announcement","recipient":{{{{recipient}}}},"data":{"title":"T","message":"M","subject":"S","text":"T"},
            "email":{"attachments":[{{{file}}}]} }
            """;
    }

    async Task<JsonElement> Done(string request) => await Host.Outcome(await Accepted(request));

    async Task<string> Accepted(string request)
    {
        var answer = await Host.Post(Path, request);
        answer.Status.ShouldBe(HttpStatusCode.Accepted, answer.Body);
        return answer.Json.GetProperty("links").GetProperty("self").GetString()!;
    }

    static string Id(JsonElement one) => one.GetProperty("id").GetString()!;

    static async Task<MimeMessage> Parsed(string mail)
    {
        using var octets = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(mail.Replace("\r\n..", "\r\n.", StringComparison.Ordinal)));
        return await MimeMessage.LoadAsync(octets, Cancellation);
    }

    static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (!condition())
            await Task.Delay(10, patience.Token);
    }
}
