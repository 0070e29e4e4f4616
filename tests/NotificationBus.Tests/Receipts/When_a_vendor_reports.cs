using System.Text.Json;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Email;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Sending;
using NotificationBus.Templates;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Receipts;

public sealed class When_a_vendor_reports
{
    [Fact]
    public async Task Should_confirm_what_was_sent()
    {
        await using var flow = await EmbeddedFlow.Start();
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.Confirmed, flow));

        var confirmed = flow.Find(sent.CorrelationId)!;
        (confirmed.CurrentState, confirmed.Deliveries[0].Status, confirmed.Deliveries[0].ConfirmedAt).ShouldBe(
            ("Delivered", DeliveryStatus.Confirmed, flow.Clock.GetUtcNow())
        );
        flow.OutcomesOf(sent.CorrelationId).ShouldHaveSingleItem();
        NotificationView.Of(confirmed, []).Deliveries.Select(delivery => delivery.ConfirmedAt is not null).ShouldBe([true, false]);
    }

    /// <summary>A11: a receipt that names another mailbox than the delivery's settles the delivery and suppresses nobody.</summary>
    [Theory]
    [InlineData(ReceiptKind.HardBounce, "doe")]
    [InlineData(ReceiptKind.Complained, "doe")]
    [InlineData(ReceiptKind.OptedOut, "doe")]
    [InlineData(ReceiptKind.Unsubscribed, "doe")]
    [InlineData(ReceiptKind.HardBounce, "")]
    public async Task Should_suppress_nobody_when_it_is_about_somebody_else(ReceiptKind kind, string named)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(Of(sent.Deliveries[0], kind, flow) with { Addresses = [named] });
        if (kind == ReceiptKind.HardBounce)
            (await flow.Until(sent.CorrelationId, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent))
                .Deliveries[0]
                .Status.ShouldBe(DeliveryStatus.Failed);

        (await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None)).ShouldBeEmpty();
    }

    /// <summary>A11: the same mailbox in another spelling, or among others, is the delivery's.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_suppress_the_address_when_the_receipt_names_it(bool amongOthers)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var named = sent.Deliveries[0].Address.ToUpperInvariant();

        await flow.Report(
            Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow) with
            {
                Addresses = amongOthers ? ["other@example.org", named] : [named],
            }
        );

        (await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None))
            .ShouldHaveSingleItem()
            .Address.ShouldBe(sent.Deliveries[0].Address.ToLowerInvariant());
    }

    [Fact]
    public async Task Should_find_the_delivery_by_the_provider_s_own_id()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(delivery => new ProviderResult.Accepted($"their-{delivery.NotificationId:N}"));
        var first = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var second = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(
            new Receipt
            {
                Kind = ReceiptKind.Confirmed,
                Id = "1",
                At = flow.Clock.GetUtcNow(),
                ProviderMessageId = $"their-{second.CorrelationId:N}",
            }
        );

        flow.Find(first.CorrelationId)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Sent);
        flow.Find(second.CorrelationId)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Confirmed);
    }

    [Fact]
    public async Task Should_go_on_with_the_next_channel_when_what_was_delivered_comes_back()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        flow.Push.Calls.ShouldBeEmpty();

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow) with { Reason = "no such mailbox" });

        var id = sent.CorrelationId;
        var end = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        (end.CurrentState, end.Deliveries[0].Status, end.Deliveries[0].Reason).ShouldBe(
            ("Delivered", DeliveryStatus.Failed, "no such mailbox")
        );
        end.CompletedAt.ShouldNotBeNull();
        await flow.Pulse.Until(() => flow.OutcomesOf(id).Count == 2);
        flow.OutcomesOf(id).Cast<NotificationDelivered>().SelectMany(outcome => outcome.Channels).ShouldBe(["email", "push"]);
    }

    [Fact]
    public async Task Should_go_on_with_the_next_channel_and_keep_the_address_when_the_vendor_has_given_up()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.Undelivered, flow) with { Reason = "mailbox full" });

        var end = await flow.Until(sent.CorrelationId, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        (end.Deliveries[0].Status, end.Deliveries[0].Reason).ShouldBe((DeliveryStatus.Failed, "mailbox full"));
        (await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None)).ShouldBeEmpty();
    }

    /// <summary>
    /// C: text in log and record. What was said is hidden as it was said: by whoever gave it, or by a template that says something else
    /// now.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_not_repeat_what_no_template_says(bool isGiven)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        flow.Templates.Deployed = content => (EmailContent)content with { Subject = "Your voucher is KIWI-7781" };
        var happened = An.Announcement(A.Seller, channels: ["email"]);
        if (isGiven)
        {
            var given = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["subject"] = "Your voucher is KIWI-7781",
                ["text"] = "For you alone.",
            };
            happened = happened with
            {
                Content = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal) { ["email"] = given },
            };
        }

        var sent = await flow.Outcome(await flow.Tell(happened));
        flow.Templates.Deployed = null;

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow) with { Reason = "550 rejected: Your voucher is KIWI-7781" });

        flow.Find(sent.CorrelationId)!.Deliveries[0].Reason.ShouldBe("550 rejected: […]");
    }

    [Fact]
    public async Task Should_count_though_what_was_said_cannot_be_read()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        flow.Contents.AreDamaged = true;

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow) with { Reason = "no such mailbox" });

        var end = await flow.Until(sent.CorrelationId, notification => notification.Deliveries[0].Status == DeliveryStatus.Failed);
        end.Deliveries[0].Reason.ShouldBe("no such mailbox");
    }

    /// <summary>C: text in log and record. A vendor repeats to whom it was to say what, also after the texts were changed.</summary>
    [Theory]
    [InlineData("550 rejected: Your code is 493817, Somchai", false)]
    [InlineData("550 rejected: c=493-817 of <somchai@example.net>", false)]
    [InlineData("550 rejected: Your code is 493817, Somchai", true)]
    [InlineData("550 rejected: <WIDE-SEA> or widesea", false)]
    public async Task Should_not_repeat_what_the_recipient_is_told(string words, bool isChanged)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var somchai = A.Seller with { Name = "Somchai Jaidee", Email = "somchai@example.net" };
        var data = JsonElement.Parse("""{ "title": "Sign in", "text": "Your code is 493817", "code": "wide-sea" }""");
        var sent = await flow.Outcome(await flow.Tell(An.Announcement(somchai, channels: ["email"]) with { Data = data }));
        if (isChanged)
            flow.Templates.Failure = new TemplateException("'vatNumber' is missing");

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow) with { Reason = words });

        var listed = await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None);
        var suppressed = listed.ShouldHaveSingleItem();
        foreach (var kept in (string?[])[flow.Find(sent.CorrelationId)!.Deliveries[0].Reason, suppressed.Reason])
        {
            kept.ShouldNotBeNull().ShouldContain("550 rejected");
            foreach (var part in (string[])["493", "817", "code is", "somchai", "wide", "sea"])
                kept.ShouldNotContain(part, Case.Insensitive);
        }
    }

    [Fact]
    public async Task Should_render_nothing_for_a_report_without_a_reason()
    {
        await using var flow = await EmbeddedFlow.Start();
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var filled = flow.Templates.Filled;

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.Confirmed, flow));

        flow.Templates.Filled.ShouldBe(filled);
    }

    [Fact]
    public async Task Should_keep_what_another_provider_has_sent_when_the_one_before_gives_up()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                Mailers = ["scripted", "second"],
            }
        );
        flow.Email.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderPlaced());
        await WaitOut(flow, redeliveries: 2);
        var sent = await flow.Outcome(id);
        (sent.Deliveries[0].Status, sent.Deliveries[0].Provider).ShouldBe((DeliveryStatus.Sent, "second"));

        await Locate(flow, Of(sent.Deliveries[0], ReceiptKind.Undelivered, flow));
        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.Confirmed, flow), "second");

        var end = flow.Find(sent.CorrelationId)!;
        (end.CurrentState, end.Deliveries[0].Status, end.Deliveries[0].BouncedAt).ShouldBe(("Delivered", DeliveryStatus.Confirmed, null));
        flow.Push.Calls.ShouldBeEmpty();
        flow.OutcomesOf(sent.CorrelationId).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_keep_what_the_second_call_has_sent_when_the_vendor_gives_up_the_first()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks, Dispatchers = 1 });
        flow.Email.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderPlaced());
        await WaitOut(flow, redeliveries: 1);
        var sent = await flow.Outcome(id);
        flow.Email.Calls.Count.ShouldBe(2);

        await Locate(flow, Of(sent.Deliveries[0], ReceiptKind.Undelivered, flow) with { ProviderMessageId = "the id of the first" });
        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.Confirmed, flow));

        var end = flow.Find(sent.CorrelationId)!;
        (end.Deliveries[0].Status, end.Deliveries[0].BouncedAt).ShouldBe((DeliveryStatus.Confirmed, null));
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_wait_for_the_provider_that_was_asked_last_when_the_one_before_gives_up()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                Mailers = ["scripted", "second"],
            }
        );
        flow.Email.Answers(ScriptedProvider.InDoubt);
        flow.SecondEmail.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderPlaced());
        await WaitOut(flow, redeliveries: 2);
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 3);
        flow.SecondEmail.Calls.ShouldHaveSingleItem();
        var delivery = flow.Find(id)!.Deliveries[0];

        await Locate(flow, Of(delivery, ReceiptKind.Undelivered, flow) with { Reason = "the first one's" });
        flow.Push.Calls.ShouldBeEmpty();
        await flow.Report(Of(delivery, ReceiptKind.Undelivered, flow) with { Reason = "the last one's" }, "second");

        var end = await flow.Outcome(id);
        (end.Deliveries[0].Status, end.Deliveries[0].Reason).ShouldBe((DeliveryStatus.Failed, "the last one's"));
        end.Deliveries[1].Status.ShouldBe(DeliveryStatus.Sent);
    }

    [Theory]
    [InlineData(ReceiptKind.HardBounce, false)]
    [InlineData(ReceiptKind.HardBounce, true)]
    public async Task Should_go_on_with_the_next_channel_when_the_address_is_wrong(ReceiptKind kind, bool anotherHasIt)
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                Mailers = ["scripted", "second"],
            }
        );
        // A third time in doubt would open the circuit of its account, which push has too.
        flow.Email.Answers(ScriptedProvider.InDoubt, ScriptedProvider.InDoubt, ScriptedProvider.Unavailable);
        flow.SecondEmail.Answers(anotherHasIt ? ScriptedProvider.Accepted : ScriptedProvider.Unavailable);
        var id = await flow.Tell(An.OrderPlaced());
        await WaitOut(flow, redeliveries: 2);
        await flow.Pulse.Until(() =>
            anotherHasIt ? flow.Find(id)?.Deliveries[0].Status == DeliveryStatus.Sent : flow.Outgoing.Scheduled == 3
        );
        flow.SecondEmail.Calls.ShouldHaveSingleItem();

        await flow.Report(Of(flow.Find(id)!.Deliveries[0], kind, flow));

        var end = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        end.Deliveries[0].Status.ShouldBe(DeliveryStatus.Failed);
    }

    /// <summary>A debt of the first issues: the receipt of one provider fails what is put off until another can take it.</summary>
    [Fact]
    public async Task Should_leave_what_is_put_off_to_the_provider_that_is_to_be_asked()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                Mailers = ["scripted", "second"],
            }
        );
        flow.Email.Answers(ScriptedProvider.InDoubt, ScriptedProvider.InDoubt, ScriptedProvider.Unavailable);
        flow.SecondEmail.Answers(ScriptedProvider.Unavailable, ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderPlaced());
        await WaitOut(flow, redeliveries: 2);
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 3);
        flow.SecondEmail.Calls.ShouldHaveSingleItem();

        await Locate(flow, Of(flow.Find(id)!.Deliveries[0], ReceiptKind.Undelivered, flow));
        flow.Find(id)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Sending);
        await WaitOut(flow, redeliveries: 1);

        var end = await flow.Outcome(id);
        (end.Deliveries[0].Status, end.Deliveries[0].Provider, end.Deliveries[0].BouncedAt).ShouldBe((DeliveryStatus.Sent, "second", null));
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_go_on_with_the_next_channel_when_nobody_else_is_to_be_asked()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks, Dispatchers = 1 });
        flow.Email.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        await flow.Report(Of(flow.Find(id)!.Deliveries[0], ReceiptKind.Undelivered, flow));

        var end = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        end.Deliveries[0].Status.ShouldBe(DeliveryStatus.Failed);
    }

    [Fact]
    public async Task Should_never_use_an_address_again_that_sent_it_back()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow) with { Reason = "no such mailbox" });

        var next = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var another = await flow.Outcome(await flow.Tell(A.ChatMessage()));

        flow.Email.Calls.ShouldHaveSingleItem();
        next.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
        another.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
        var suppression = (
            await flow.Suppressions.List(new SuppressionFilter("email", A.Seller.Email, Category: null, 10), CancellationToken.None)
        ).ShouldHaveSingleItem();
        (suppression.Category, suppression.Reason, suppression.Source).ShouldBe((null, "bounced: no such mailbox", "scripted"));
    }

    [Theory]
    [InlineData(ReceiptKind.Complained, null, "the recipient called it spam")]
    [InlineData(ReceiptKind.Unsubscribed, "order-placed", "the recipient wants no more of it")]
    [InlineData(ReceiptKind.OptedOut, null, "the recipient wants no more of it")]
    public async Task Should_respect_that_the_recipient_wants_no_more(ReceiptKind kind, string? category, string reason)
    {
        await using var flow = await EmbeddedFlow.Start();
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(Of(sent.Deliveries[0], kind, flow));

        var suppressed = (
            await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None)
        ).ShouldHaveSingleItem();
        var place = suppressed.Place;
        place.ShouldNotBe(Guid.Empty);
        suppressed.ShouldBe(
            new Suppression("email", A.Seller.Email!, category, reason, "scripted") { CreatedAt = flow.Clock.GetUtcNow(), Place = place }
        );
        var delivery = flow.Find(sent.CorrelationId)!.Deliveries[0];
        delivery.Status.ShouldBe(DeliveryStatus.Sent);
        (delivery.ComplainedAt ?? delivery.UnsubscribedAt).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(ReceiptKind.Complained, DeliveryStatus.Failed)]
    [InlineData(ReceiptKind.OptedOut, DeliveryStatus.Failed)]
    [InlineData(ReceiptKind.Unsubscribed, DeliveryStatus.Sent)]
    public async Task Should_go_on_with_other_kinds_only_when_the_recipient_unsubscribed(ReceiptKind kind, DeliveryStatus others)
    {
        await using var flow = await EmbeddedFlow.Start();
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(Of(sent.Deliveries[0], kind, flow));

        var same = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var another = await flow.Outcome(await flow.Tell(A.ChatMessage()));
        same.Deliveries.Select(delivery => (delivery.Channel, delivery.Status))
            .ShouldBe([("email", DeliveryStatus.Failed), ("push", DeliveryStatus.Sent)]);
        another
            .Deliveries.Select(delivery => (delivery.Channel, delivery.Status))
            .ShouldBe([("email", others), ("push", DeliveryStatus.Sent)]);
    }

    [Fact]
    public async Task Should_only_note_what_the_vendor_will_try_again_and_what_was_opened_and_read()
    {
        await using var flow = await EmbeddedFlow.Start();
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var at = flow.Clock.GetUtcNow();

        foreach (var kind in (ReceiptKind[])[ReceiptKind.SoftBounce, ReceiptKind.Opened, ReceiptKind.Read])
            await flow.Report(Of(sent.Deliveries[0], kind, flow));

        var after = flow.Find(sent.CorrelationId)!;
        (after.CurrentState, after.Deliveries[0].Status).ShouldBe(("Delivered", DeliveryStatus.Sent));
        (after.Deliveries[0].SoftBouncedAt, after.Deliveries[0].OpenedAt, after.Deliveries[0].ReadAt).ShouldBe((at, at, at));
        (await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_announce_another_outcome_when_there_is_no_channel_to_go_on_with()
    {
        await using var flow = await EmbeddedFlow.Start();
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow));
        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("PartlyDelivered");
        await flow.Report(Of(sent.Deliveries[1], ReceiptKind.HardBounce, flow));

        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("Failed");
        await flow.Pulse.Until(() => flow.Outcomes.Count == 3);
        flow.Outcomes.Select(outcome => outcome.GetType().Name)
            .ShouldBe([nameof(NotificationDelivered), nameof(NotificationPartlyDelivered), nameof(NotificationFailed)]);
    }

    [Fact]
    public async Task Should_not_begin_another_channel_when_the_notification_is_of_no_more_use()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        flow.Clock.Advance(TimeSpan.FromDays(2));

        await flow.Report(Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow));

        flow.Find(sent.CorrelationId)!.CurrentState.ShouldBe("Failed");
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_up_an_earlier_channel_that_was_called_off()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = TimeSpan.FromMinutes(5),
            }
        );
        flow.Email.Answers(
            new ProviderResult.Unavailable("closed for an hour", RetryAfter: TimeSpan.FromHours(1), OnlyThisDelivery: true),
            ScriptedProvider.Accepted
        );
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        flow.Clock.Advance(TimeSpan.FromMinutes(5));
        var escalated = await flow.Outcome(id);
        escalated.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.NotNeeded, DeliveryStatus.Sent]);
        flow.Clock.Advance(TimeSpan.FromHours(2));

        await flow.Report(Of(escalated.Deliveries[1], ReceiptKind.HardBounce, flow));
        // The ledger knows the call before, and what it said.
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);
        flow.Clock.Advance(TimeSpan.FromHours(2));

        var end = await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);
        (end.CurrentState, end.Deliveries[1].Status).ShouldBe(("Delivered", DeliveryStatus.Failed));
    }

    [Fact]
    public async Task Should_end_when_an_earlier_channel_had_failed_after_it_was_called_off()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = TimeSpan.FromMinutes(5),
            }
        );
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count == 1);
        flow.Clock.Advance(TimeSpan.FromMinutes(5));
        var escalated = await flow.Outcome(id);
        escalated.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.NotNeeded, DeliveryStatus.Sent]);
        answer.SetResult(ScriptedProvider.Rejected);
        await flow.Pulse.Until(() => flow.Handled<SendDelivery>() == 2);

        await flow.Report(Of(escalated.Deliveries[1], ReceiptKind.HardBounce, flow));

        var end = await flow.Until(id, notification => notification.CurrentState == "Failed");
        end.Deliveries.Select(delivery => (delivery.Status, delivery.Reason))
            .ShouldBe([(DeliveryStatus.Failed, "no such mailbox"), (DeliveryStatus.Failed, "it came back")]);
        flow.Email.Calls.ShouldHaveSingleItem("the ledger knows what became of the call");
    }

    [Theory]
    [InlineData(ReceiptKind.Confirmed, DeliveryStatus.Confirmed, "Delivered")]
    [InlineData(ReceiptKind.Read, DeliveryStatus.Sent, "Delivered")]
    [InlineData(ReceiptKind.HardBounce, DeliveryStatus.Failed, "PartlyDelivered")]
    public async Task Should_settle_what_is_held_because_nobody_knew(ReceiptKind kind, DeliveryStatus status, string state)
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count == 1);
        var sending = await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        await flow.Handle(
            new DeliveryHeld
            {
                NotificationId = id,
                DeliveryId = sending.Deliveries[0].Id,
                Provider = "scripted",
                Reason = "in doubt",
                Attempts = 1,
            }
        );
        flow.Find(id)!.CurrentState.ShouldBe("Held");

        await flow.Report(Of(sending.Deliveries[0], kind, flow));

        var end = await flow.Outcome(id);
        (end.CurrentState, end.Deliveries[0].Status).ShouldBe((state, status));
    }

    [Fact]
    public async Task Should_not_send_again_what_was_in_doubt_and_has_arrived()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Email.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        var calls = flow.Email.Calls.Count;

        await flow.Report(Of(flow.Find(id)!.Deliveries[0], ReceiptKind.Confirmed, flow));
        await flow.Outcome(id);
        flow.Clock.Advance(TimeSpan.FromHours(1));

        await flow.Pulse.Until(() => flow.Wire.Handled.Count(handled => handled.Place == "send-email") == 2);
        flow.Email.Calls.Count.ShouldBe(calls);
        flow.Find(id)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Confirmed);
    }

    [Fact]
    public async Task Should_keep_a_receipt_that_is_faster_than_the_answer_of_the_call()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count == 1);

        await flow.Receipts.Take(
            "scripted",
            [
                new Receipt
                {
                    Kind = ReceiptKind.Confirmed,
                    Id = "1",
                    At = flow.Clock.GetUtcNow(),
                    ProviderMessageId = "early",
                },
            ]
        );
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        answer.SetResult(new ProviderResult.Accepted("early"));
        await flow.Outcome(id);
        flow.Clock.Advance(TimeSpan.FromSeconds(5));

        await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Confirmed);
    }

    [Theory]
    [InlineData("scripted", "7a9ae1bc-0000-4000-8000-000000000000", "nobody's")]
    [InlineData("another", null, "their-id")]
    [InlineData("scripted", null, null)]
    public async Task Should_look_four_times_for_what_is_not_on_record_and_then_forget_it(
        string provider,
        string? deliveryId,
        string? messageId
    )
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var receipt = new Receipt
        {
            Kind = ReceiptKind.HardBounce,
            Id = "1",
            At = flow.Clock.GetUtcNow(),
            DeliveryId = deliveryId is null ? null : Guid.Parse(deliveryId),
            ProviderMessageId = messageId,
        };

        await flow.Receipts.Take(provider, [receipt]);
        for (var times = 1; times <= 3; times++)
        {
            await flow.Pulse.Until(() => flow.Outgoing.Scheduled == times);
            flow.Clock.Advance(TimeSpan.FromMinutes(10));
        }

        await flow.Pulse.Until(() => flow.Handled<LocateReceipt>() == 4);
        flow.Outgoing.Scheduled.ShouldBe(3);
        flow.Wire.Faults.ShouldBeEmpty();
        flow.Find(sent.CorrelationId)!.Deliveries.ShouldAllBe(delivery => delivery.Status == DeliveryStatus.Sent);
        (await flow.Suppressions.List(new SuppressionFilter(null, null, null, 10), CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_a_receipt_that_is_posted_a_hundred_times_once()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var sent = await flow.Outcome(await flow.Tell(An.OrderPlaced()));
        var bounce = Of(sent.Deliveries[0], ReceiptKind.HardBounce, flow);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => flow.Receipts.Take("scripted", [bounce])));
        await flow.Pulse.Until(() => flow.Handled<DeliveryReceiptReceived>() == 100);

        await flow.Until(sent.CorrelationId, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        flow.Push.Calls.ShouldHaveSingleItem();
        await flow.Pulse.Until(() => flow.OutcomesOf(sent.CorrelationId).Count == 2);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("sent confirmed read soft held", "Delivered", DeliveryStatus.Confirmed, DeliveryStatus.NotNeeded)]
    [InlineData("sent opened read soft complained", "Delivered", DeliveryStatus.Sent, DeliveryStatus.NotNeeded)]
    [InlineData("sent confirmed bounced read soft", "Delivered", DeliveryStatus.Failed, DeliveryStatus.Sent)]
    [InlineData("failed bounced confirmed held bounced", "Delivered", DeliveryStatus.Failed, DeliveryStatus.Sent)]
    public async Task Should_end_in_the_same_state_in_whatever_order_it_comes(
        string arrivals,
        string state,
        DeliveryStatus first,
        DeliveryStatus second
    )
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers((_, _) => answer.Task);
        var orders = Permutations(arrivals.Split(' ')).ToList();
        orders.Count.ShouldBe(120);
        var pictures = new HashSet<string>(StringComparer.Ordinal);

        // Each of them holds a place at the provider until the test ends.
        foreach (var order in orders)
        {
            var id = await flow.Tell(An.OrderPlaced());
            var delivery = (await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sending)).Deliveries[
                0
            ];
            foreach (var arrival in order)
                await Arrive(flow, id, delivery.Id, arrival);

            var end = await flow.Until(
                id,
                notification => notification.CompletedAt is not null && notification.Deliveries[1].Status == second
            );
            (end.CurrentState, end.Deliveries[0].Status).ShouldBe((state, first), string.Join(", ", order));
            var one = end.Deliveries[0];
            pictures.Add(
                $"{one.Status} {one.Reason} {one.ConfirmedAt} {one.BouncedAt} {one.SoftBouncedAt} {one.OpenedAt} "
                    + $"{one.ReadAt} {one.ComplainedAt}"
            );
        }

        pictures.ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public void Should_never_take_back_what_is_known()
    {
        var clock = new FakeTimeProvider(A.Time);
        var steps = new NotificationSteps(
            intake: null!,
            planning: null!,
            packing: null!,
            Options.Create(new ReceiptsOptions()),
            applications: null!,
            clock
        );
        var chance = new Random(20261121);
        for (var history = 0; history < 10_000; history++)
        {
            var delivery = new DeliveryState
            {
                Id = Guid.CreateVersion7(),
                Channel = "a",
                Address = "b",
                Step = 1,
                Status = DeliveryStatus.Sending,
                BegunAt = clock.GetUtcNow(),
            };
            var notification = new NotificationState { Deliveries = [delivery], ExpiresAt = clock.GetUtcNow().AddDays(1) };
            var (rank, facts, told) = (0, 0, new List<string>());
            for (var step = 0; step < 12; step++)
            {
                told.Add(Tell(steps, notification, delivery, chance));

                var (rankNow, factsNow) = (Rank(delivery), Facts(delivery));
                rankNow.ShouldBeGreaterThanOrEqualTo(rank, string.Join(", ", told));
                factsNow.ShouldBeGreaterThanOrEqualTo(facts, string.Join(", ", told));
                (rank, facts) = (rankNow, factsNow);
            }
        }
    }

    static string Tell(NotificationSteps steps, NotificationState notification, DeliveryState delivery, Random chance)
    {
        var what = chance.Next(11);
        switch (what)
        {
            case 0:
                steps.Results.NoteSent(
                    notification,
                    new DeliverySent
                    {
                        NotificationId = default,
                        DeliveryId = delivery.Id,
                        Provider = "p",
                    }
                );
                return "sent";

            case 1:
                steps.Results.Settle(notification, delivery.Id, DeliveryStatus.Failed, _ => { });
                return "failed";

            case 2:
                ResultSteps.Hold(
                    notification,
                    new DeliveryHeld
                    {
                        NotificationId = default,
                        DeliveryId = delivery.Id,
                        Provider = "p",
                        Reason = "r",
                        Attempts = 1,
                    }
                );
                return "held";

            case 3:
                var at = (StoppedAt)chance.Next(3);
                steps.Interventions.NoteStopped(
                    notification,
                    new DeliveriesStopped
                    {
                        NotificationId = default,
                        Reason = "cancelled by ann: sold",
                        Deliveries =
                        [
                            new StoppedDelivery
                            {
                                DeliveryId = delivery.Id,
                                At = at,
                                Provider = "p",
                                Attempts = 1,
                            },
                        ],
                    }
                );
                return $"cancelled at {at}";

            default:
                var kind = (ReceiptKind)(what - 4);
                steps.Receipts.NoteReceipt(
                    notification,
                    new DeliveryReceiptReceived
                    {
                        NotificationId = default,
                        DeliveryId = delivery.Id,
                        Provider = "p",
                        Kind = kind,
                        At = default,
                    }
                );
                return $"{kind}";
        }
    }

    static int Rank(DeliveryState delivery) =>
        delivery.BouncedAt is not null ? (delivery.Status == DeliveryStatus.Failed ? 3 : -1)
        : delivery.Status == DeliveryStatus.Confirmed ? 2
        : delivery.Status == DeliveryStatus.Sent ? 1
        : 0;

    static int Facts(DeliveryState delivery) =>
        (
            (DateTimeOffset?[])
                [
                    delivery.ConfirmedAt,
                    delivery.BouncedAt,
                    delivery.SoftBouncedAt,
                    delivery.OpenedAt,
                    delivery.ReadAt,
                    delivery.ComplainedAt,
                    delivery.UnsubscribedAt,
                ]
        ).Count(at => at is not null);

    static Task<Guid> Arrive(EmbeddedFlow flow, Guid id, Guid deliveryId, string arrival)
    {
        return arrival switch
        {
            "sent" => flow.Handle(
                new DeliverySent
                {
                    NotificationId = id,
                    DeliveryId = deliveryId,
                    Provider = "scripted",
                }
            ),
            "failed" => flow.Handle(
                new DeliveryFailed
                {
                    NotificationId = id,
                    DeliveryId = deliveryId,
                    Provider = "scripted",
                    Reason = "refused",
                }
            ),
            "held" => flow.Handle(
                new DeliveryHeld
                {
                    NotificationId = id,
                    DeliveryId = deliveryId,
                    Provider = "scripted",
                    Reason = "in doubt",
                    Attempts = 1,
                }
            ),
            "confirmed" => Receipt(ReceiptKind.Confirmed),
            "bounced" => Receipt(ReceiptKind.HardBounce),
            "soft" => Receipt(ReceiptKind.SoftBounce),
            "opened" => Receipt(ReceiptKind.Opened),
            "complained" => Receipt(ReceiptKind.Complained),
            _ => Receipt(ReceiptKind.Read),
        };

        Task<Guid> Receipt(ReceiptKind kind) =>
            flow.Handle(
                new DeliveryReceiptReceived
                {
                    NotificationId = id,
                    DeliveryId = deliveryId,
                    Provider = "scripted",
                    Kind = kind,
                    At = flow.Clock.GetUtcNow(),
                }
            );
    }

    /// <summary>
    /// Lets what is put off come again so many times: who has left it in doubt is asked once more, and only then another.
    /// </summary>
    static async Task WaitOut(EmbeddedFlow flow, int redeliveries)
    {
        var put = Math.Max(1, flow.Outgoing.Scheduled);
        for (var last = put + redeliveries; put < last; put++)
        {
            await flow.Pulse.Until(() => flow.Outgoing.Scheduled == put && flow.Clock.AlarmsWithin(TimeSpan.FromSeconds(5)) >= 1);
            flow.Clock.Advance(TimeSpan.FromHours(1));
        }
    }

    /// <summary>
    /// Takes a receipt as the API does, and waits until its delivery was looked for. Whatever that caused for the saga is with it.
    /// </summary>
    static async Task Locate(EmbeddedFlow flow, Receipt receipt)
    {
        var times = flow.Handled<LocateReceipt>() + 1;
        await flow.Receipts.Take("scripted", [receipt]);
        await flow.Pulse.Until(() => flow.Handled<LocateReceipt>() == times);
    }

    static Receipt Of(DeliveryState delivery, ReceiptKind kind, EmbeddedFlow flow) =>
        new()
        {
            Kind = kind,
            Id = $"{kind} of {delivery.Id}",
            At = flow.Clock.GetUtcNow(),
            DeliveryId = delivery.Id,
        };

    static IEnumerable<string[]> Permutations(string[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany(
                (first, index) => Permutations([.. items.Where((_, other) => other != index)]).Select(rest => (string[])[first, .. rest])
            );
}
