using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

public sealed class When_a_connection_is_reused : With_a_scripted_server
{
    [Fact]
    public async Task Should_connect_once_for_many_mails()
    {
        var provider = Provider();

        for (var i = 0; i < 3; i++)
            (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Connections.ShouldBe(1);
        Server.Mails.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Should_start_from_nothing_after_a_refusal()
    {
        Server.Answer("RCPT", "550 5.1.1 no such user", "250 2.1.5 fine");
        var provider = Provider();

        (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Rejected>();
        (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Connections.ShouldBe(1);
        Server.Commands.Select(command => command.Split(' ')[0]).ShouldBe(["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]);
    }

    [Fact]
    public async Task Should_not_keep_one_the_server_is_about_to_close()
    {
        Server.Answer(ScriptedSmtpServer.FinalDot, "421 4.3.2 shutting down", "250 2.0.0 queued");
        var provider = Provider();

        (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();
        (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task Should_replace_one_the_server_closed()
    {
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);
        await Server.DropConnections();

        var result = await provider.Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Connections.ShouldBe(2);
        Server.Mails.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("MAIL")]
    [InlineData("RSET")]
    public async Task Should_go_on_with_a_fresh_one_when_only_this_one_was_too_much(string step)
    {
        Server.Answer(ScriptedSmtpServer.FinalDot, "451 4.3.0 later", "250 2.0.0 queued");
        Server.Answer(
            step,
            step is "MAIL"
                ? ["250 2.1.0 fine", "421 4.7.0 too many errors", "250 2.1.0 fine"]
                : ["421 4.7.0 too many errors", "250 2.0.0 fine"]
        );
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);

        var result = await provider.Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task Should_slow_down_when_a_fresh_one_is_too_much_as_well()
    {
        Server.Answer("MAIL", "250 2.1.0 fine", "421 4.7.0 too often");
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);

        (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Throttled>();

        Server.Connections.ShouldBe(2);
    }

    [Theory]
    [InlineData("MAIL", ScriptedSmtpServer.HangUp)]
    [InlineData("MAIL", "421 4.4.2 idle for too long")]
    [InlineData("RCPT", ScriptedSmtpServer.HangUp)]
    [InlineData("DATA", ScriptedSmtpServer.HangUp)]
    public async Task Should_replace_one_that_turns_out_dead(string step, string answer)
    {
        var usual = step is "DATA" ? "354 go on" : "250 2.1.0 fine";
        Server.Answer(step, usual, answer, usual);
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);

        var result = await provider.Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Connections.ShouldBe(2);
        Server.Mails.Count.ShouldBe(2);
    }

    /// <summary>The answer that comes late would be taken for that of the next mail's first command, and so on.</summary>
    [Fact]
    public async Task Should_not_keep_one_that_owes_an_answer()
    {
        Server.Answer("RCPT", "550 5.1.1 no such user", "250 2.1.5 fine");
        Server.Answer("RSET", ScriptedSmtpServer.Later);
        var provider = Provider();
        var refused = provider.Send(ADelivery(), Cancellation);
        await Server.FellSilent;
        Clock.Advance(TimeSpan.FromSeconds(15));
        (await refused).ShouldBeOfType<ProviderResult.Rejected>();
        Server.Hears = command =>
        {
            if (command.StartsWith("MAIL", StringComparison.Ordinal) && Server.Connections == 1)
                Server.Answer("MAIL", "250 2.0.0 reset\r\n250 2.1.0 fine");
        };

        (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Commands.Select(command => command.Split(' ')[0]).ShouldBe(["EHLO", "MAIL", "RCPT", "RSET", "EHLO", "MAIL", "RCPT", "DATA"]);
    }

    [Fact]
    public async Task Should_replace_it_only_once()
    {
        Server.Answer("MAIL", "250 2.1.0 fine", ScriptedSmtpServer.HangUp);
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);

        var result = await provider.Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
        Server.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task Should_never_send_again_after_the_final_dot()
    {
        Server.Answer(ScriptedSmtpServer.FinalDot, "250 2.0.0 queued", ScriptedSmtpServer.HangUp);
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);

        var result = await provider.Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>();
        Server.Connections.ShouldBe(1);
        Server.Mails.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_leave_politely_when_there_is_nothing_to_send_for_a_while()
    {
        var provider = Provider();
        await provider.Send(ADelivery(), Cancellation);

        Clock.Advance(TimeSpan.FromSeconds(60));
        await Server.ConnectionsEnded;

        Server.Commands[^1].ShouldBe("QUIT");
    }

    [Fact]
    public async Task Should_open_no_more_than_it_may()
    {
        var provider = Provider(options => options.MaxConnections = 2);

        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => provider.Send(ADelivery(), Cancellation)));

        results.ShouldAllBe(result => result is ProviderResult.Accepted);
        Server.Connections.ShouldBeLessThanOrEqualTo(2);
        Server.Mails.Count.ShouldBe(20);
    }
}
