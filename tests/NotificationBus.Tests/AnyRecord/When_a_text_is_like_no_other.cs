using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>A8: nothing a caller or a vendor may send keeps the record from being written.</summary>
public abstract class When_a_text_is_like_no_other(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        ["3,000 characters that hardly compress"] = Noise(3_000),
        ["100,000 characters that hardly compress"] = Noise(100_000),
        ["characters of four bytes"] = string.Concat(Enumerable.Repeat("😀", 2_000)),
        ["nothing"] = "",
        ["U+0000"] = "before\0after",
        ["U+0000 at both ends"] = "\0between\0",
        ["the escape of U+0000"] = @"before\u0000after",
        ["the escape of U+0000 after a backslash"] = @"before\\u0000after" + '\0',
        ["the first half of a character"] = "before\uD83D",
        ["the second half of a character"] = "\uDE00after",
        ["halves in the wrong order"] = "\uDE00\uD83D",
        ["control characters"] = "\u0001\u001B[31m\u007F\u0085\u2028\uFFFE\uFFFF",
        ["quotes and backslashes"] = "'\"\\''$$;--/*\r\n{}%_",
    };

    public static TheoryData<string> Names => [.. Texts.Keys];

    protected static string Of(string name) => Texts[name];

    /// <summary>A8: the outcome of a call is on record whatever the vendor answers, and the address is suppressed whatever it is.</summary>
    [Theory, MemberData(nameof(Names))]
    public async Task Should_record_the_outcome_and_suppress_the_address(string name)
    {
        var text = Texts[name];
        var call = Call();

        (await Host.Ledger.Claim(call, text, text, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        (
            await Host.Ledger.Record(
                call with
                {
                    Status = AttemptStatus.Rejected,
                    Reason = text,
                    ProviderMessageId = text,
                },
                text,
                CancellationToken.None
            )
        ).ShouldBeTrue();

        (await AnotherHost.Ledger.FindByMessage("first", text, CancellationToken.None))
            .ShouldNotBeNull()
            .DeliveryId.ShouldBe(call.DeliveryId);
        (await AnotherHost.Ledger.AttemptsOf(call.NotificationId, call.DeliveryId, CancellationToken.None))
            .ShouldHaveSingleItem()
            .Status.ShouldBe(AttemptStatus.Rejected);
        (await AnotherHost.Ledger.Claim(Call(), text, "another", Lease, CancellationToken.None)).Suppression.ShouldNotBeNull();
    }

    /// <summary>A8: an operator can suppress an address of any length, find it, list it and take it back.</summary>
    [Theory, MemberData(nameof(Names))]
    public async Task Should_suppress_find_list_and_remove_the_address(string name)
    {
        var text = Texts[name];
        var by = new ChangedBy(text, text);
        var suppression = new Suppression("push", text, text.Length > 0 ? text : null, text, text);

        (await Host.Suppressions.Add(suppression, by, CancellationToken.None)).ShouldBeTrue();
        (await AnotherHost.Suppressions.Add(suppression, by, CancellationToken.None)).ShouldBeFalse();
        (await AnotherHost.Suppressions.Add(suppression with { Address = text + "x" }, CancellationToken.None)).ShouldBeTrue(
            "it is another"
        );

        var first = (
            await AnotherHost.Suppressions.List(new SuppressionFilter("push", Address: null, Category: null, 1), CancellationToken.None)
        ).ShouldHaveSingleItem();
        var second = (
            await AnotherHost.Suppressions.List(
                new SuppressionFilter("push", Address: null, Category: null, 1, (first.CreatedAt, first.Place)),
                CancellationToken.None
            )
        ).ShouldHaveSingleItem();
        (
            await AnotherHost.Suppressions.List(new SuppressionFilter("push", text, suppression.Category, 10), CancellationToken.None)
        ).ShouldHaveSingleItem();
        second.Place.ShouldNotBe(first.Place);
        (await Host.Suppressions.Remove("push", text, suppression.Category, by, CancellationToken.None)).ShouldBeTrue();
        (
            await AnotherHost.Suppressions.List(new SuppressionFilter("push", text, Category: null, 10), CancellationToken.None)
        ).ShouldBeEmpty();
        (await Host.Controls.Changes(ChangeFilter.All, 10, CancellationToken.None)).Count.ShouldBe(2);
    }

    /// <summary>A8: a step is stored whatever its texts.</summary>
    [Theory, MemberData(nameof(Names))]
    public async Task Should_store_and_load_the_step(string name)
    {
        var text = Texts[name];
        var notification = Notification(Guid.CreateVersion7());
        notification.EventId = text;
        notification.Category = text;
        notification.Refusal = text;
        // Longer ids are refused at the door.
        notification.Recipient = new Contact
        {
            Id = text.Length > 200 ? text[..200] : text,
            Name = text,
            Locale = text,
            Email = text,
            PushTokens = [text],
        };
        notification.Decisions = [text];
        notification.RequestedChannels = [text];

        (
            await Host.Store.Insert(
                new NotificationStep(
                    notification,
                    Guid.CreateVersion7(),
                    [Message() with { NotificationId = notification.CorrelationId, WaitsFor = null }]
                ),
                CancellationToken.None
            )
        ).ShouldBeTrue();

        (await AnotherHost.Store.Load(notification.CorrelationId, CancellationToken.None)).ShouldNotBeNull().Decisions.Count.ShouldBe(1);
    }

    /// <summary>A8: what hosts tell each other of a provider may quote it.</summary>
    [Theory, MemberData(nameof(Names))]
    public async Task Should_share_the_reason(string name)
    {
        var text = Texts[name];

        await Host.Health.Open("first", Lease, text, needsAttention: true);
        await Host.Health.Pause("second", Lease, text, cut: null);
        await Host.Controls.Note(
            text,
            new ChangedBy(text, text),
            System.Text.Json.JsonSerializer.SerializeToElement(new { text }),
            CancellationToken.None
        );
        await Host.Ledger.Cancel(Guid.CreateVersion7(), Guid.CreateVersion7(), "email", text, CancellationToken.None);

        var known = await AnotherHost.Controls.Load(CancellationToken.None);
        known.HealthOf("first").CircuitOpen.ShouldBeTrue();
        known.HealthOf("second").Reason.ShouldNotBeNull();
    }

    static DeliveryAttempt Call() =>
        new()
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "push",
            Provider = "first",
            Status = AttemptStatus.Started,
        };

    /// <summary>The same each time, and like a token: an index that compresses takes no more of it.</summary>
    static string Noise(int length)
    {
        const string Alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        var random = new Random(length);
        return string.Create(
            length,
            random,
            (letters, source) =>
            {
                for (var i = 0; i < letters.Length; i++)
                    letters[i] = Alphabet[source.Next(Alphabet.Length)];
            }
        );
    }
}
