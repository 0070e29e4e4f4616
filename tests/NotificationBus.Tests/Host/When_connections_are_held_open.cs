using System.Net;

namespace NotificationBus.Tests.Host;

/// <summary>B: work before proof. Each connection may hold what was read from it, and nobody has said who calls.</summary>
public sealed class When_connections_are_held_open : IAsyncLifetime
{
    const string Begun = "POST /v1/receipts/resend HTTP/1.1\nHost: a\n";

    readonly RunningHost _host = new() { Settings = ["--PublicUrls=http://127.0.0.1:0", "--Intake:Connections=10"] };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Should_be_no_more_than_are_allowed_and_leave_operators_theirs()
    {
        var strangers = new List<RawRequest>();
        for (var stranger = 0; stranger < 10; stranger++)
            strangers.Add(await RawRequest.Begin(_host.Public, Begun));

        using var patience = new CancellationTokenSource(RunningHost.Patience);
        string answer;
        do
        {
            patience.Token.ThrowIfCancellationRequested();
            using var oneTooMany = await RawRequest.Begin(_host.Public, Begun + "Content-Length: 0\nConnection: close\n\n");
            answer = await oneTooMany.Answer(RunningHost.Patience);
            // The server may count it before one that came first, which it then turned away.
            if (answer.Length > 0)
                strangers.Add(await RawRequest.Begin(_host.Public, Begun));
        } while (answer.Length > 0);
        (await _host.Get("/health/live")).Status.ShouldBe(HttpStatusCode.OK);

        strangers.ForEach(stranger => stranger.Dispose());
        do
        {
            patience.Token.ThrowIfCancellationRequested();
            using var next = await RawRequest.Begin(_host.Public, Begun + "Content-Length: 0\nConnection: close\n\n");
            answer = await next.Answer(RunningHost.Patience);
        } while (answer.Length == 0);
        answer.ShouldStartWith("HTTP/1.1 404 ");
    }
}
