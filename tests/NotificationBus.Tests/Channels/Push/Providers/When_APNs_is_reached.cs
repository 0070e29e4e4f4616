using Microsoft.AspNetCore.Server.Kestrel.Core;
using NotificationBus.Channels.Push.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Email;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Push.Providers;

/// <summary>As APNs wants to be reached: over TLS, with HTTP/2 agreed on in the handshake.</summary>
public sealed class When_APNs_is_reached : IDisposable
{
    readonly TestCertificate _certificate = new();

    public void Dispose() => _certificate.Dispose();

    [Fact]
    public async Task Should_agree_on_HTTP_2_in_the_handshake()
    {
        await using var server = await ScriptedHttp2Server.Start(_certificate.Certificate, HttpProtocols.Http1AndHttp2);
        server.Answers("200 OK", headers: "apns-id: 22222222-2222-2222-2222-222222222222\r\n");

        (await Send(server, _certificate)).ShouldBe(new ProviderResult.Accepted("22222222-2222-2222-2222-222222222222"));

        server.Url.Scheme.ShouldBe("https");
        server.Requests.ShouldHaveSingleItem().Head.ShouldStartWith($"POST /3/device/{When_APNs_sends.ADelivery.Address} HTTP/2");
        server.Agreed.ShouldBe(["h2"]);
    }

    [Fact]
    public async Task Should_send_nothing_to_a_server_that_knows_only_HTTP_1()
    {
        await using var server = await ScriptedHttp2Server.Start(_certificate.Certificate, HttpProtocols.Http1);
        server.Answers("200 OK");

        (await Send(server, _certificate)).ShouldBeOfType<ProviderResult.Unavailable>();

        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_send_nothing_to_a_server_nobody_vouches_for()
    {
        using var another = new TestCertificate();
        await using var server = await ScriptedHttp2Server.Start(_certificate.Certificate);
        server.Answers("200 OK");

        (await Send(server, another)).ShouldBeOfType<ProviderResult.Unavailable>();

        server.Requests.ShouldBeEmpty();
    }

    static async Task<ProviderResult> Send(ScriptedHttp2Server server, TestCertificate trusted)
    {
        var options = When_APNs_sends.Options(server.Url.GetLeftPart(UriPartial.Authority), TimeSpan.FromSeconds(15));
        options.TrustedCertificate = trusted.PemFile;
        await using var provider = new ApnsPushProvider("account", options, new FakeTimeProvider(A.Time));
        return await provider.Send(When_APNs_sends.ADelivery, TestContext.Current.CancellationToken);
    }
}
