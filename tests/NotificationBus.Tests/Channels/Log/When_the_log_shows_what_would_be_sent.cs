using Microsoft.Extensions.Logging;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Log;
using NotificationBus.Channels.Sms;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Sms;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Log;

public sealed class When_the_log_shows_what_would_be_sent : ILogger<LogProvider>
{
    readonly List<string> _lines = [];

    [Fact]
    public async Task Should_say_what_and_hide_to_whom()
    {
        var mail = new EmailContent("Sold to Somchai", "<p>Write to somchai@example.net</p>", "Your code is 123 456.\r\n12:00");

        (await Send("email", Mail.ToSomchai with { Content = mail })).ShouldBeOfType<ProviderResult.Accepted>();

        var line = _lines.ShouldHaveSingleItem();
        line.ShouldContain("order-placed");
        line.ShouldContain("Sold to […]");
        line.ShouldContain("Your code is [number].");
        foreach (var hidden in (string[])["somchai", "@", "123", "456", "\n", "\r"])
            line.ShouldNotContain(hidden, Case.Insensitive);
    }

    [Fact]
    public async Task Should_hide_a_number()
    {
        await Send("sms", AnSms.ToSomchai with { Content = SmsContent.Of($"Call {AnSms.Number}") });

        _lines.ShouldHaveSingleItem().ShouldNotContain(AnSms.Number[3..]);
    }

    [Fact]
    public async Task Should_show_lengths_only_when_told()
    {
        await Send("email", Mail.ToSomchai, new LogOptions { ShowContent = false });

        var line = _lines.ShouldHaveSingleItem();
        line.ShouldContain("text: 12 characters");
        line.ShouldNotContain("Sold");
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _lines.Add(formatter(state, exception));

    Task<ProviderResult> Send(string channel, Delivery delivery, LogOptions? options = null) =>
        new LogProvider("log", channel, options ?? new LogOptions(), this).Send(delivery, CancellationToken.None);
}
