using NotificationBus.Channels.Email;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>A situation: a server that answers as written, and a provider that sends to it.</summary>
// Not Vendors/Any_vendor: all it promises is told in the terms of one request and its status. What it asks (silence, reset, nobody there,
// giving up, no secret repeated), the situations here ask in the steps of SMTP, where it counts which step was reached.
public abstract class With_a_scripted_server : IAsyncLifetime
{
    readonly List<SmtpEmailProvider> _providers = [];
    readonly List<TestCertificate> _certificates = [];

    internal ScriptedSmtpServer Server { get; } = new();

    internal FakeTimeProvider Clock { get; } = new(A.Time);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in _providers)
            await provider.DisposeAsync();
        await Server.DisposeAsync();
        // Last, because the server may still be in a handshake.
        _certificates.ForEach(certificate => certificate.Dispose());
        GC.SuppressFinalize(this);
    }

    internal SmtpEmailProvider Provider(Action<SmtpOptions>? change = null)
    {
        var options = new SmtpOptions
        {
            Host = "127.0.0.1",
            Port = Server.Port,
            Security = SmtpSecurity.None,
            From = "shop@example.com",
            FromName = "The Shop",
        };
        change?.Invoke(options);
        var provider = new SmtpEmailProvider("smtp", options, Clock);
        _providers.Add(provider);
        return provider;
    }

    internal TestCertificate Certificate(string? dnsName = null)
    {
        var certificate = new TestCertificate(dnsName);
        _certificates.Add(certificate);
        return certificate;
    }

    protected static Delivery ADelivery(
        string subject = "Your order",
        string text = "It is on its way.",
        string html = "<p>It is on its way.</p>"
    ) =>
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Guid.Parse("22222222-2222-2222-2222-222222222222"),
            Channel = "email",
            Address = "som@example.net",
            RecipientName = "Som Chai",
            Category = "order-shipped",
            Content = new EmailContent(subject, html, text),
        };
}
