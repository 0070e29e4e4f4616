using NotificationBus.Channels.Email;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Channels.Email;

public sealed class When_the_server_answers : With_a_scripted_server
{
    const string Dot = ScriptedSmtpServer.FinalDot;

    public enum Outcome
    {
        Accepted,
        Rejected,
        Declined,
        AddressIsWrong,
        Unavailable,
        NotThisDelivery,
        Throttled,
        Misconfigured,
        InDoubt,
    }

    /// <summary>Nor does it matter when it is said: a server that hung up before may know the last recipient.</summary>
    [Theory]
    [InlineData(ScriptedSmtpServer.Greeting)]
    [InlineData("EHLO")]
    public async Task Should_not_repeat_of_whom_and_what_a_server_speaks_before_it_is_asked(string step)
    {
        Server.Answer(step, "554 5.7.1 nothing for som@example.net, and not: It is on its way.");

        var reason = (await Provider().Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>().Reason;

        reason.ShouldContain("554");
        reason.ShouldNotContain("som@");
        reason.ShouldNotContain("on its way");
    }

    [Fact]
    public async Task Should_not_keep_the_mailbox_that_a_server_repeats_with_its_id()
    {
        Server.Answer(Dot, "250 2.0.0 Ok: queued as 4F1A for <som@example.net>");

        var id = (await Provider().Send(ADelivery(), Cancellation))
            .ShouldBeOfType<ProviderResult.Accepted>()
            .ProviderMessageId.ShouldNotBeNull();

        id.ShouldContain("4F1A");
        id.ShouldNotContain("som@");
    }

    /// <summary>C: text in log and record.</summary>
    [Fact]
    public async Task Should_not_keep_the_text_that_a_server_repeats_with_its_id()
    {
        Server.Answer(Dot, "250 queued as 4F1A subject=\"Your code is 493817\"");

        var result = await Provider()
            .Send(ADelivery() with { Content = new EmailContent("Your code is 493817", "<p>Hi</p>", "Hi") }, Cancellation);

        var id = result.ShouldBeOfType<ProviderResult.Accepted>().ProviderMessageId.ShouldNotBeNull();
        id.ShouldContain("4F1A");
        id.ShouldNotContain("493817");
        id.ShouldNotContain("Your code");
    }

    /// <summary>RFC 6531: to a server that does not offer it, such a mailbox is no mailbox.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_name_a_mailbox_beyond_ASCII_only_to_a_server_that_takes_it(bool takesIt)
    {
        if (takesIt)
            Server.Offers.Add("SMTPUTF8");

        var result = await Provider().Send(ADelivery() with { Address = "สมชาย@example.net" }, Cancellation);

        result.ShouldBeOfType(takesIt ? typeof(ProviderResult.Accepted) : typeof(ProviderResult.Declined));
        Server.Commands.Any(command => command.Contains("SMTPUTF8", StringComparison.Ordinal)).ShouldBe(takesIt);
        Server.Mails.Count.ShouldBe(takesIt ? 1 : 0);
    }

    /// <summary>
    /// C: one recipient's trouble never counts for the account: his mailbox asks for what the server cannot do, and says so at MAIL FROM.
    /// </summary>
    [Theory]
    [InlineData("550 5.6.7 non-ASCII addresses not permitted", Outcome.Declined)]
    [InlineData("553 5.6.7 non-ASCII addresses not permitted", Outcome.Declined)]
    [InlineData("555 5.5.4 unsupported parameter", Outcome.Declined)]
    [InlineData("501 syntax error", Outcome.Declined)]
    [InlineData("530 5.7.0 sign in first", Outcome.Misconfigured)]
    [InlineData("553 5.1.8 sender's domain unknown", Outcome.Misconfigured)]
    public async Task Should_not_blame_the_account_for_a_mailbox_beyond_ASCII(string answer, Outcome expected)
    {
        Server.Offers.Add("SMTPUTF8");
        Server.Answer("MAIL", answer);

        Kind(await Provider().Send(ADelivery() with { Address = "สมชาย@example.net" }, Cancellation)).ShouldBe(expected);
    }

    [Theory]
    // Taken only by the answer to the final dot.
    [InlineData(Dot, "250 2.0.0 Ok: queued as 4F1A", Outcome.Accepted)]
    [InlineData(Dot, "250 OK id=1abc-def", Outcome.Accepted)]
    [InlineData(Dot, "250-2.6.0 many\r\n250 2.6.0 lines", Outcome.Accepted)]
    [InlineData(Dot, "252 2.0.0 taken, to be seen", Outcome.Accepted)]
    [InlineData(Dot, "250 2.0.0 taken\r\n421 4.3.2 and gone", Outcome.Accepted)]
    [InlineData(Dot, "550 5.6.0 content refused\r\n421 4.3.2 and gone", Outcome.Declined)]
    [InlineData(Dot, "250 5.1.1 yes and no", Outcome.InDoubt)]
    [InlineData(Dot, "354 what?", Outcome.InDoubt)]
    [InlineData(Dot, "hello", Outcome.InDoubt)]
    // Content and policy.
    [InlineData(Dot, "550 5.6.0 content refused", Outcome.Declined)]
    [InlineData(Dot, "554 5.6.1 media refused", Outcome.Declined)]
    [InlineData(Dot, "553 5.6.7 non-ASCII address", Outcome.Declined)]
    [InlineData(Dot, "552 5.3.4 too big", Outcome.Declined)]
    [InlineData("MAIL", "552 5.3.4 too big", Outcome.Declined)]
    [InlineData("MAIL", "552 too big", Outcome.Declined)]
    [InlineData("RCPT", "550 5.7.1 looks like spam", Outcome.Declined)]
    [InlineData(Dot, "554 5.7.1 looks like spam", Outcome.Declined)]
    // The address, and only when it is the recipient's.
    [InlineData("RCPT", "550 5.1.1 no such user", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "550 5.1.2 no such domain", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "501 5.1.3 bad syntax", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "551 5.1.6 moved", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "556 5.1.10 null MX", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "550 5.2.1 disabled", Outcome.AddressIsWrong)]
    [InlineData(Dot, "550 5.1.1 no such user", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "550-5.1.1 no such user\r\n550 5.1.1 look it up", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "552 5.2.2 mailbox full", Outcome.Rejected)]
    [InlineData("RCPT", "550 no code at all", Outcome.Rejected)]
    [InlineData("RCPT", "599 5.9.9 unheard of", Outcome.Rejected)]
    [InlineData("MAIL", "550 5.1.1 no such sender", Outcome.Misconfigured)]
    // Later, or slower.
    [InlineData("MAIL", "421 4.3.2 shutting down", Outcome.Unavailable)]
    [InlineData("MAIL", "450 4.7.1 greylisted", Outcome.NotThisDelivery)]
    [InlineData("MAIL", "451 4.7.1 greylisted", Outcome.NotThisDelivery)]
    [InlineData("MAIL", "451 try again later", Outcome.NotThisDelivery)]
    [InlineData("RCPT", "450 4.2.1 busy", Outcome.NotThisDelivery)]
    [InlineData("RCPT", "450 4.7.1 greylisted", Outcome.NotThisDelivery)]
    [InlineData("RCPT", "451 4.7.1 greylisted", Outcome.NotThisDelivery)]
    [InlineData("RCPT", "452 4.2.2 mailbox full", Outcome.NotThisDelivery)]
    [InlineData(Dot, "451 4.3.0 disk full", Outcome.NotThisDelivery)]
    [InlineData(Dot, "421 4.3.0 shutting down", Outcome.Unavailable)]
    [InlineData("DATA", "450 4.2.0 greylisted", Outcome.NotThisDelivery)]
    [InlineData("DATA", "451 4.7.1 greylisted", Outcome.NotThisDelivery)]
    [InlineData("DATA", "451 4.3.0 later", Outcome.NotThisDelivery)]
    [InlineData("DATA", "450 without a code of three numbers", Outcome.NotThisDelivery)]
    [InlineData("DATA", "421 4.3.2 shutting down", Outcome.Unavailable)]
    [InlineData(Dot, "450 greylisted", Outcome.NotThisDelivery)]
    [InlineData("RCPT", "499 4.9.9 unheard of", Outcome.NotThisDelivery)]
    // We are too fast, whichever mail is told so.
    [InlineData(ScriptedSmtpServer.Greeting, "421 4.7.0 too many connections from your address", Outcome.Throttled)]
    [InlineData("EHLO", "421 4.7.0 try again later", Outcome.Throttled)]
    [InlineData("MAIL", "421 4.7.0 too many connections", Outcome.Throttled)]
    [InlineData("RCPT", "421-4.7.0 unusual rate of mail\r\n421 4.7.0 from your address", Outcome.Throttled)]
    [InlineData("RCPT", "452 4.5.3 too many recipients", Outcome.Throttled)]
    [InlineData(Dot, "421 4.7.0 unusual rate of mail", Outcome.Throttled)]
    [InlineData(Dot, "452 4.5.3 too much in one transaction", Outcome.Throttled)]
    [InlineData(Dot, "454 Throttling failure: Maximum sending rate exceeded.", Outcome.Throttled)]
    [InlineData(Dot, "454 Throttling failure: Daily message quota exceeded.", Outcome.Throttled)]
    [InlineData("MAIL", "454 Throttling failure: Maximum sending rate exceeded.", Outcome.Throttled)]
    [InlineData("RCPT", "454 4.7.0 something about signing in", Outcome.NotThisDelivery)]
    // Ours to mend.
    [InlineData("MAIL", "530 5.7.0 sign in first", Outcome.Misconfigured)]
    [InlineData("RCPT", "530 5.7.1 client was not authenticated", Outcome.Misconfigured)]
    [InlineData("MAIL", "534 5.7.9 mechanism too weak", Outcome.Misconfigured)]
    [InlineData("MAIL", "535 5.7.8 wrong password", Outcome.Misconfigured)]
    [InlineData("MAIL", "538 5.7.11 encryption required", Outcome.Misconfigured)]
    [InlineData(Dot, "550 5.7.60 not allowed to send as this sender", Outcome.Misconfigured)]
    [InlineData(Dot, "550 5.7.26 DMARC", Outcome.Misconfigured)]
    [InlineData("MAIL", "553 5.1.8 sender's domain unknown", Outcome.Misconfigured)]
    [InlineData(ScriptedSmtpServer.Greeting, "554 5.7.1 your network is listed", Outcome.Unavailable)]
    [InlineData("EHLO", "502 5.5.1 what?", Outcome.Unavailable)]
    // The enhanced code knows better than the basic one.
    [InlineData("RCPT", "450 5.1.1 no such user", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "550 4.2.1 busy", Outcome.NotThisDelivery)]
    // Nonsense.
    [InlineData("DATA", "250 thanks", Outcome.Unavailable)]
    [InlineData("DATA", "250 5.1.1 thanks", Outcome.Unavailable)]
    [InlineData("RCPT", "354 go on", Outcome.Unavailable)]
    [InlineData("RCPT", "250-one\r\n550 two", Outcome.Unavailable)]
    [InlineData("RCPT", "550 5.1.1 no such user\r\n421 4.3.2 and gone", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "999 what?", Outcome.Unavailable)]
    [InlineData("RCPT", "", Outcome.Unavailable)]
    public async Task Should_say_what_it_means(string step, string answer, Outcome expected)
    {
        Server.Answer(step, answer);

        var result = await Provider().Send(ADelivery(), Cancellation);

        Kind(result).ShouldBe(expected, result.ToString());
    }

    /// <summary>RFC 2920: sender and recipient are named in one breath, and the first refusal is the one that counts.</summary>
    [Theory]
    [InlineData("MAIL", "250 2.1.0 fine", Outcome.Accepted)]
    [InlineData("MAIL", "553 5.1.8 sender's domain unknown", Outcome.Misconfigured)]
    [InlineData("MAIL", "421 4.7.0 too many connections", Outcome.Throttled)]
    [InlineData("MAIL", "530 5.7.0 sign in first", Outcome.Misconfigured)]
    [InlineData("MAIL", ScriptedSmtpServer.HangUp, Outcome.Unavailable)]
    [InlineData("RCPT", "550 5.1.1 no such user", Outcome.AddressIsWrong)]
    [InlineData("RCPT", "450 4.7.1 greylisted", Outcome.NotThisDelivery)]
    [InlineData("RCPT", "354 go on", Outcome.Unavailable)]
    [InlineData("RCPT", ScriptedSmtpServer.HangUp, Outcome.Unavailable)]
    [InlineData("DATA", "451 4.3.0 later", Outcome.NotThisDelivery)]
    [InlineData(Dot, "554 5.7.1 looks like spam", Outcome.Declined)]
    [InlineData(Dot, ScriptedSmtpServer.HangUp, Outcome.InDoubt)]
    public async Task Should_mean_the_same_when_it_is_asked_more_than_one_thing_at_once(string step, string answer, Outcome expected)
    {
        Server.Offers.Add("PIPELINING");
        Server.Answer(step, answer);

        var result = await Provider().Send(ADelivery(), Cancellation);

        Kind(result).ShouldBe(expected, result.ToString());
    }

    [Fact]
    public async Task Should_not_wait_for_a_server_that_says_it_leaves()
    {
        Server.Answer("RCPT", "421 4.3.2 shutting down");
        Server.Answer("RSET", ScriptedSmtpServer.Silence);

        // The clock stands still: whoever waits for an answer waits for ever.
        (
            await Provider().Send(ADelivery(), Cancellation).WaitAsync(Pulse.Patience, Cancellation)
        ).ShouldBeOfType<ProviderResult.Unavailable>();
    }

    /// <summary>What a server said of one recipient is repeated to no other, when it leaves without a word.</summary>
    [Fact]
    public async Task Should_not_repeat_what_it_said_of_another_mail()
    {
        Server.Answer("MAIL", "250 2.1.0 fine", ScriptedSmtpServer.HangUp);
        Server.Answer(Dot, "250 2.0.0 Ok: queued for anna@example.org");
        var provider = Provider();
        await provider.Send(ADelivery() with { Address = "anna@example.org" }, Cancellation);

        var reason = (await provider.Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>().Reason;

        reason.ShouldContain("closed the connection");
        reason.ShouldNotContain("anna");
    }

    [Theory]
    [InlineData("MAIL", "451 4.7.1 greylisted", 60)]
    [InlineData("RCPT", "451 4.7.1 greylisted", 60)]
    [InlineData("RCPT", "452 4.2.2 mailbox full", 60)]
    [InlineData(Dot, "451 4.7.1 greylisted", 60)]
    [InlineData("RCPT", "421 4.3.2 shutting down", null)]
    [InlineData("DATA", "451 4.3.0 later", 60)]
    public async Task Should_give_a_recipients_server_a_minute(string step, string answer, int? seconds)
    {
        Server.Answer(step, answer);

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().RetryAfter.ShouldBe(seconds is { } pause ? TimeSpan.FromSeconds(pause) : null);
    }

    [Fact]
    public async Task Should_not_wait_a_minute_with_what_is_late_by_then()
    {
        Server.Answer("RCPT", "450 4.7.1 greylisted");

        var result = await Provider().Send(ADelivery() with { ExpiresAt = Clock.GetUtcNow().AddMinutes(1) }, Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().RetryAfter.ShouldBeNull();
    }

    [Fact]
    public async Task Should_keep_the_name_the_server_gave_the_mail()
    {
        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBe(new ProviderResult.Accepted("Ok: queued as 4F1A"));
    }

    [Fact]
    public async Task Should_take_a_yes_without_a_word()
    {
        Server.Answer(Dot, "250");

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBe(new ProviderResult.Accepted(null));
    }

    [Theory]
    [InlineData("550 5.1.1 <som@example.net>: Recipient address rejected")]
    [InlineData("550 5.1.1 som@example.net... User unknown")]
    [InlineData("550 5.1.1 bounce to b-som=40example.net refused")]
    [InlineData("550 5.1.1 see https://example.org/?who=som%40example.net")]
    public async Task Should_not_repeat_the_mailbox(string answer)
    {
        Server.Answer("RCPT", answer);

        var result = (await Provider().Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Rejected>();

        result.Reason.ShouldNotContain("som");
        result.Reason.ShouldContain("550 5.1.1 to RCPT TO");
    }

    /// <summary>C: text in log and record.</summary>
    [Theory]
    [InlineData("550 5.7.1 Message content rejected: Your code is 493817, do not tell")]
    [InlineData("550 5.7.1 rejected, see https://example.org/?subject=Your%20code&c=493817")]
    public async Task Should_not_repeat_the_text(string answer)
    {
        Server.Answer(Dot, answer);

        var result = await Provider()
            .Send(
                ADelivery() with
                {
                    Content = new EmailContent("Sign in", "<p>Your code is 493817, do not tell</p>", "Your code is 493817, do not tell"),
                },
                Cancellation
            );

        var reason = result.ShouldBeOfType<ProviderResult.Declined>().Reason;
        reason.ShouldNotContain("493817");
        reason.ShouldNotContain("do not tell");
        reason.ShouldContain("550 5.7.1");
    }

    [Fact]
    public async Task Should_not_read_an_endless_line()
    {
        Server.Answer("RCPT", "250 " + new string('x', 5_000));

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("longer than");
    }

    [Fact]
    public async Task Should_not_read_an_endless_reply()
    {
        Server.Answer("RCPT", string.Concat(Enumerable.Repeat("250-more\r\n", 200)) + "250 end");

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("lines");
    }

    [Fact]
    public async Task Should_not_take_an_answer_nobody_asked_for_as_the_next_one()
    {
        Server.Answer("RCPT", "250 2.1.5 fine\r\n354 go on\r\n250 2.0.0 queued");

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
        await Server.ConnectionsEnded;
        Server.Commands[^1].ShouldStartWith("RCPT");
    }

    static Outcome Kind(ProviderResult result) =>
        result switch
        {
            ProviderResult.Accepted => Outcome.Accepted,
            ProviderResult.Rejected { AddressIsWrong: true } => Outcome.AddressIsWrong,
            ProviderResult.Rejected => Outcome.Rejected,
            ProviderResult.Declined => Outcome.Declined,
            ProviderResult.Unavailable { OnlyThisDelivery: true } => Outcome.NotThisDelivery,
            ProviderResult.Unavailable => Outcome.Unavailable,
            ProviderResult.Throttled => Outcome.Throttled,
            ProviderResult.Misconfigured => Outcome.Misconfigured,
            _ => Outcome.InDoubt,
        };
}
