using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

public sealed class When_the_connection_breaks : With_a_scripted_server
{
    [Theory]
    [InlineData(ScriptedSmtpServer.Greeting)]
    [InlineData("EHLO")]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    public async Task Should_be_certain_that_nothing_was_sent_before_the_message(string step)
    {
        Server.Answer(step, ScriptedSmtpServer.HangUp);

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
        Server.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_certain_that_nothing_was_sent_before_the_final_dot()
    {
        Server.Answer(ScriptedSmtpServer.Content, ScriptedSmtpServer.HangUp);
        // More than the buffers between the two hold, so that the client is still writing when the line goes dead.
        var large = new string('x', 30_000_000);

        var result = await Provider().Send(ADelivery(text: large), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("writing the message");
    }

    [Fact]
    public async Task Should_be_in_doubt_after_the_final_dot()
    {
        Server.Answer(ScriptedSmtpServer.FinalDot, ScriptedSmtpServer.HangUp);

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("the final dot");
    }

    [Fact]
    public async Task Should_say_so_when_nobody_listens()
    {
        await Server.DisposeAsync();

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("connecting");
    }

    [Fact]
    public async Task Should_say_so_when_the_name_is_unknown()
    {
        var result = await Provider(options => options.Host = "nowhere.invalid").Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("nowhere.invalid");
    }
}

public sealed class When_the_server_falls_silent : With_a_scripted_server
{
    [Theory]
    [InlineData(ScriptedSmtpServer.Greeting)]
    [InlineData("EHLO")]
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    public async Task Should_wait_as_long_as_a_step_may_take(string step)
    {
        Server.Answer(step, ScriptedSmtpServer.Silence);

        var sending = Provider().Send(ADelivery(), Cancellation);
        await Server.FellSilent;
        sending.IsCompleted.ShouldBeFalse();
        Clock.Advance(TimeSpan.FromSeconds(15));

        (await sending).ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("no answer within 00:00:15");
    }

    [Fact]
    public async Task Should_wait_longer_after_the_final_dot_and_then_be_in_doubt()
    {
        Server.Answer(ScriptedSmtpServer.FinalDot, ScriptedSmtpServer.Silence);

        var sending = Provider().Send(ADelivery(), Cancellation);
        await Server.FellSilent;
        Clock.Advance(TimeSpan.FromSeconds(119));
        sending.IsCompleted.ShouldBeFalse();
        Clock.Advance(TimeSpan.FromSeconds(1));

        (await sending).ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("no answer within 00:02:00");
    }

    [Fact]
    public async Task Should_not_be_patient_with_every_step_in_turn()
    {
        Server.Hears = _ => Clock.Advance(TimeSpan.FromSeconds(14));

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("DATA: the call took too long as a whole");
        Server.Mails.ShouldBeEmpty();
    }

    [Fact]
    public void Should_be_claimed_for_as_long_as_it_may_wait() => Provider().LongestCall.ShouldBe(TimeSpan.FromSeconds((3 * 15) + 120));

    [Fact]
    public async Task Should_not_queue_for_a_connection_for_ever()
    {
        Server.Answer(ScriptedSmtpServer.FinalDot, ScriptedSmtpServer.Silence);
        var provider = Provider(options => options.MaxConnections = 1);

        var first = provider.Send(ADelivery(), Cancellation);
        await Server.FellSilent;
        var second = provider.Send(ADelivery(), Cancellation);
        Clock.Advance(TimeSpan.FromSeconds(15));

        (await second).ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("busy");
        Server.Connections.ShouldBe(1);
        Clock.Advance(TimeSpan.FromMinutes(2));
        await first;
    }
}

public sealed class When_the_caller_gives_up : With_a_scripted_server
{
    [Theory]
    [InlineData("RCPT", typeof(ProviderResult.Unavailable))]
    [InlineData(ScriptedSmtpServer.FinalDot, typeof(ProviderResult.InDoubt))]
    public async Task Should_still_say_whether_the_mail_can_have_gone_out(string step, Type expected)
    {
        Server.Answer(step, ScriptedSmtpServer.Silence);
        using var caller = new CancellationTokenSource();

        var sending = Provider().Send(ADelivery(), caller.Token);
        await Server.FellSilent;
        await caller.CancelAsync();

        (await sending).ShouldBeOfType(expected);
    }
}
