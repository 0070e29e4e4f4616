using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Email;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>Over HTTPS, which is how every vendor is called that is not on this machine.</summary>
public sealed class When_a_service_shows_its_certificate : With_a_scripted_service
{
    [Fact]
    public async Task Should_be_called_when_somebody_we_trust_vouches_for_it()
    {
        using var certificate = new TestCertificate();

        (await Send(shown: certificate, trusted: certificate)).ShouldBeOfType<ProviderResult.Accepted>();

        Service.Requests.ShouldHaveSingleItem().Head.ShouldStartWith("POST /send HTTP/1.1");
    }

    [Fact]
    public async Task Should_get_nothing_when_somebody_else_vouches_for_it()
    {
        using var certificate = new TestCertificate();
        using var another = new TestCertificate();

        ShouldHaveGotNothing(await Send(shown: certificate, trusted: another));
    }

    [Fact]
    public async Task Should_get_nothing_when_only_it_vouches_for_itself()
    {
        using var certificate = new TestCertificate();

        ShouldHaveGotNothing(await Send(shown: certificate, trusted: null));
    }

    [Fact]
    public async Task Should_get_nothing_under_another_name()
    {
        using var certificate = new TestCertificate("other.example");

        ShouldHaveGotNothing(await Send(shown: certificate, trusted: certificate));
    }

    void ShouldHaveGotNothing(ProviderResult result)
    {
        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("SecureConnectionError");
        Service.Requests.ShouldBeEmpty();
    }

    async Task<ProviderResult> Send(TestCertificate shown, TestCertificate? trusted)
    {
        Service.Certificate = shown.Certificate;
        Service.Answers("200 OK");
        return await Provider(options => options.TrustedCertificate = trusted?.PemFile).Send(ADelivery(), Cancellation);
    }
}
