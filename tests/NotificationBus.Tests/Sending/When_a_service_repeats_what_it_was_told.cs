using System.Text.Json;
using NotificationBus.Channels.Email;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>C: text in log and record; content is masked like addresses.</summary>
public sealed class When_a_service_repeats_what_it_was_told
{
    [Theory]
    // The same digits, grouped otherwise.
    [InlineData("Your code: 493817", "rejected 493-817 today")]
    [InlineData("Your code: 493817", "rejected 493 817 today")]
    [InlineData("Your code: 493817", "rejected 4 9 3 8 1 7 today")]
    [InlineData("Your code: 493817", "rejected 493.817 today")]
    [InlineData("Your code: 493817", "rejected 49–38–17 today")]
    [InlineData("Your code: 493817", "rejected 550 493817 today")]
    [InlineData("Your code: 493817", "rejected ๔๙๓๘๑๗ today")]
    [InlineData("Your code: 493-817", "rejected 493817 today")]
    [InlineData("Your code: 4 9 3 8 1 7", "rejected 493817 today")]
    [InlineData("Your code: 4 9 3 8 1 7", "rejected 493-817 today")]
    // Letters that are no word.
    [InlineData("Your code: KDJFQX", "rejected KDJFQX today")]
    [InlineData("Your code: KDJFQX", "rejected kdjfqx today")]
    [InlineData("Your code: kDaFuX", "rejected kDaFuX today")]
    [InlineData("Your code: kdjfqx", "rejected kdjfqx today")]
    [InlineData("Your code: KDJ-FQX-77", "rejected KDJFQX77 today")]
    [InlineData("Your code: X7K-93Q", "rejected X7K93Q today")]
    [InlineData("Your code: X7K93Q", "rejected X7K-93Q today")]
    public void Should_hide_a_code_however_it_is_grouped(string told, string words)
    {
        var clean = Masking.Of("som@example.net", name: null, [told], []).Clean(words);

        clean.ShouldMatch(@"\Arejected (550 )?\[…\] today\z");
    }

    [Theory]
    [InlineData("Your order 4711 has left", "550 5.7.1 message rejected due to policy, see 47-12")]
    [InlineData("Your code is KDJFQX", "message rejected: over quota")]
    [InlineData("Your code: 493817", "reference 14938175 and 93817")]
    public void Should_leave_what_is_no_part_of_it(string told, string words) =>
        Masking.Of("som@example.net", "Bo", [told], []).Clean(words).ShouldBe(words);

    /// <summary>C: a code in small letters looks like any word; it is known by being a value of the event.</summary>
    [Theory]
    [InlineData("abc-def", "rejected abc-def today")]
    [InlineData("abc-def", "rejected ABC-DEF today")]
    [InlineData("abc-def", "rejected abcdef today")]
    [InlineData("abcdef", "rejected Abc-Def today")]
    [InlineData("x7k9q2", "rejected X7K9Q2 today")]
    [InlineData("potato", "rejected \"POTATO\" today")]
    [InlineData(" potato\n", "rejected potato, today")]
    [InlineData("blue sea", "rejected Blue Sea today")]
    [InlineData("abc/def=", "rejected abc/def= today")]
    public void Should_hide_each_value_of_the_event_where_it_stands_alone(string value, string words) =>
        Masking.Of("som@example.net", name: null, ["Hello"], [value]).Clean(words).ShouldMatch(@"\Arejected ""?\[…\]""?,? today\z");

    [Fact]
    public async Task Should_know_the_values_of_the_event_wherever_it_is_sent()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        flow.Email.Answers(delivery => new ProviderResult.Rejected(Masking.Of(delivery).Clean("rejected Potato today")));

        var data = JsonElement.Parse("""{ "title": "Sign in", "text": "Hello", "code": ["potato"] }""");
        var sent = await flow.Outcome(await flow.Tell(An.Announcement(A.Seller, channels: ["email"]) with { Data = data }));

        sent.Deliveries.ShouldHaveSingleItem().Reason.ShouldBe("rejected […] today");
    }

    [Theory]
    [InlineData("potato", "potatoes and sweetpotato")]
    [InlineData("def", "def is too short to be one")]
    [InlineData("Blue bowl", "bowl by order rejected")]
    public void Should_leave_what_is_no_value_of_the_event(string value, string words) =>
        Masking
            .Of("som@example.net", name: null, [$"Your order {value} has left and was not rejected"], [value])
            .Clean(words)
            .ShouldBe(words);

    [Theory]
    [InlineData("Bob", "no mail for Bob here", "no mail for […] here")]
    [InlineData("Bob", "no mail for BOB here", "no mail for […] here")]
    [InlineData("Bob", "no mail for bobcats here", "no mail for bobcats here")]
    [InlineData("Al", "no mail for Al, also", "no mail for […], also")]
    [InlineData("An", "an error and no An", "an error and no […]")]
    [InlineData("李明", "no mail for 李明先生", "no mail for […]先生")]
    [InlineData("李", "no mail for 李先生", "no mail for […]先生")]
    [InlineData("Somchai Jaidee", "no mail for Somchai here", "no mail for […] here")]
    [InlineData("Somchai Jaidee", "no mail for MR. JAIDEE", "no mail for MR. […]")]
    [InlineData("Jaidee, Somchai", "no mail for SomChai", "no mail for […]")]
    public void Should_hide_the_name_whole_or_in_part(string name, string words, string shown) =>
        Masking.Of("som@example.net", name, [], []).Clean(words).ShouldBe(shown);

    [Theory]
    [InlineData("<p>Your code is <b>493817</b></p>", "rejected 493817")]
    [InlineData("<p>4<i>9</i>3<i>8</i>1<i>7</i></p>", "rejected 493817")]
    [InlineData("<p>M&uuml;ller &amp; S&ouml;hne</p>", "rejected Müller & Söhne")]
    [InlineData("<style>b{}</style><p>Only here, and nowhere else</p>", "rejected Only here, and nowhere else")]
    [InlineData("<a href=\"https://example.com/reset?t=x8Jk2mQ9\">Reset</a>", "rejected x8Jk2mQ9")]
    [InlineData("<img alt='Code 493817' src='https://example.com/a.png'>", "rejected 493817")]
    public void Should_hide_what_only_the_HTML_says(string html, string words)
    {
        var clean = Masking.Of("som@example.net", name: null, new EmailContent("Hello", html, "Hello").Texts, []).Clean(words);

        clean.ShouldMatch(@"\Arejected ?\[…\]");
        clean.ShouldNotMatch("[0-9]|ü|ö|here|nowhere");
    }
}
