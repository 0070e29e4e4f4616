using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Http;
using NotificationBus.Contents;
using NotificationBus.Model;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>A producer sets the URL, and whoever answers there is a stranger.</summary>
public sealed class When_a_file_is_fetched : IAsyncDisposable
{
    readonly ScriptedHttpServer _server = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Should_have_what_stands_there_and_its_type()
    {
        _server.Answers("200 OK", "invoice", "Content-Type: application/pdf; charset=x\r\n");

        var file = (await Fetch()).ShouldBeOfType<FileAnswer.Fetched>().File;

        file.ContentType.ShouldBe("application/pdf");
        Encoding.UTF8.GetString(file.Octets.Span).ShouldBe("invoice");
        _server.Requests.ShouldHaveSingleItem().Head.ShouldNotContain("traceparent");
    }

    [Theory]
    [InlineData("Content-Type: multipart/mixed; boundary=x\r\n")]
    [InlineData("Content-Type: message/rfc822\r\n")]
    [InlineData("Content-Type: a b/c\r\n")]
    [InlineData("")]
    public async Task Should_take_it_for_octets_when_its_type_may_not_stand_in_a_mail(string header)
    {
        _server.Answers("200 OK", "invoice", header);

        (await Fetch(type: null)).ShouldBeOfType<FileAnswer.Fetched>().File.ContentType.ShouldBe("application/octet-stream");
    }

    [Theory]
    [InlineData("302 Found", "Location: http://169.254.169.254/latest/meta-data/\r\n")]
    [InlineData("301 Moved Permanently", "Location: http://127.0.0.1:1/\r\n")]
    [InlineData("307 Temporary Redirect", "Location: file:///etc/passwd\r\n")]
    public async Task Should_follow_nobody(string status, string header)
    {
        _server.Answers(status, "", header);

        (await Fetch()).ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldContain("redirects are not followed");
        _server.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("404 Not Found", true)]
    [InlineData("403 Forbidden", true)]
    [InlineData("204 No Content", true)]
    [InlineData("503 Service Unavailable", false)]
    [InlineData("429 Too Many Requests", false)]
    public async Task Should_know_what_passes(string status, bool isForGood)
    {
        _server.Answers(status, "secret words of the server");

        var answer = await Fetch();

        (answer is FileAnswer.Refused).ShouldBe(isForGood);
        $"{answer}".ShouldNotContain("secret words");
    }

    [Fact]
    public async Task Should_refuse_what_says_that_it_is_too_large()
    {
        _server.Answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 10000000000\r\n\r\n");

        (await Fetch(room: 100)).ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldContain("larger than the 100 octets");
    }

    /// <summary>It says nothing of its length, and never ends.</summary>
    [Fact]
    public async Task Should_stop_reading_what_does_not_end()
    {
        var chunk = $"1000\r\n{new string('x', 0x1000)}\r\n";
        _server.Answer = Encoding.ASCII.GetBytes(
            "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chunked\r\n\r\n"
                + $"{string.Concat(Enumerable.Repeat(chunk, 100))}"
        );

        (await Fetch(room: 100_000)).ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldContain("larger than");
    }

    [Fact]
    public async Task Should_not_wait_for_a_server_that_is_silent()
    {
        var clock = new FakeTimeProvider();
        using var source = Source(clock);

        var fetching = source.Fetch(File("application/pdf"), Room(100), Cancellation);
        while (_server.Requests.IsEmpty)
            await Task.Delay(1, Cancellation);
        clock.Advance(TimeSpan.FromSeconds(16));

        (await fetching).ShouldBeOfType<FileAnswer.NotNow>().Reason.ShouldContain("00:00:15");
    }

    [Fact]
    public async Task Should_attach_no_page_in_the_place_of_a_file()
    {
        _server.Answers("200 OK", "<html>please sign in</html>", "Content-Type: text/html\r\n");

        (await Fetch()).ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldContain("another type");
    }

    [Fact]
    public async Task Should_unpack_nothing()
    {
        _server.Answers("200 OK", "bomb", "Content-Type: application/pdf\r\nContent-Encoding: gzip\r\n");

        (await Fetch()).ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldContain("packed");
    }

    [Theory]
    [InlineData("169.254.169.254", true)]
    [InlineData("169.254.169.254", false)]
    [InlineData("10.0.0.7", false)]
    [InlineData("::1", false)]
    public async Task Should_go_to_no_network_of_others_whatever_a_name_leads_to(string address, bool allowsPrivate)
    {
        using var source = new AttachmentSource(
            new AttachmentsOptions { AllowPrivateAddresses = allowsPrivate },
            TimeProvider.System,
            new AddressGuard((_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(address)]))
        );

        var refused = await source.Fetch(new FileReference("https://files.example.com/x", "x.pdf", null), Room(100), Cancellation);

        refused.ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldStartWith("the URL leads to");
        refused.ShouldBeOfType<FileAnswer.Refused>().Reason.ShouldNotContain("example");
    }

    async Task<FileAnswer> Fetch(int room = 1000, string? type = "application/pdf")
    {
        using var source = Source(TimeProvider.System);
        return await source.Fetch(File(type), Room(room), Cancellation);
    }

    static FileRoom Room(int most) => new FileMemory(Options.Create(new AttachmentsOptions())).Room(most);

    FileReference File(string? type) => new(_server.Url.AbsoluteUri, "invoice.pdf", type);

    static AttachmentSource Source(TimeProvider clock) =>
        new(new AttachmentsOptions { AllowPrivateAddresses = true }, clock, new AddressGuard());
}
