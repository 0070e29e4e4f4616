using NotificationBus.Model;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_a_receipt_names_a_delivery(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    [Fact]
    public async Task Should_find_the_last_call_to_that_provider_before_its_outcome_is_known()
    {
        var call = Call("first");
        await Claim(call);
        await Host.Ledger.Record(call with { Status = AttemptStatus.InDoubt }, suppressedAddress: null, CancellationToken.None);
        await Claim(call with { Number = 2, Provider = "second" });
        await Claim(call with { Number = 3 });

        var found = await AnotherHost.Ledger.FindByDelivery("first", call.DeliveryId, CancellationToken.None);

        (found!.NotificationId, found.Number, found.Status).ShouldBe((call.NotificationId, 3, AttemptStatus.Started));
    }

    [Fact]
    public async Task Should_find_it_by_the_provider_s_own_id()
    {
        var call = Call("first");
        await Accept(call, "their-id");
        await Accept(Call("first"), "another-id");
        await Accept(Call("second"), "their-id");
        await Claim(Call("first"));

        var found = await AnotherHost.Ledger.FindByMessage("first", "their-id", CancellationToken.None);

        (found!.DeliveryId, found.NotificationId, found.ProviderMessageId).ShouldBe((call.DeliveryId, call.NotificationId, "their-id"));
    }

    [Fact]
    public async Task Should_know_the_span_of_the_call()
    {
        const string Span = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var (traced, other) = (Call("first"), Call("first"));
        await Accept(traced with { TraceParent = Span }, "their-id");
        await Accept(other, "another-id");

        (await AnotherHost.Ledger.FindByMessage("first", "their-id", CancellationToken.None))!.TraceParent.ShouldBe(Span);
        (await AnotherHost.Ledger.FindByDelivery("first", traced.DeliveryId, CancellationToken.None))!.TraceParent.ShouldBe(Span);
        (await AnotherHost.Ledger.FindByDelivery("first", other.DeliveryId, CancellationToken.None))!.TraceParent.ShouldBeNull();
    }

    [Fact]
    public async Task Should_find_the_last_of_those_to_which_a_provider_has_given_the_same_id()
    {
        var (first, last) = (Call("first"), Call("first"));
        await Accept(first, "their-id");
        await Record.Pass(Second);
        await Accept(last, "their-id");

        (await AnotherHost.Ledger.FindByMessage("first", "their-id", CancellationToken.None))!.DeliveryId.ShouldBe(last.DeliveryId);
    }

    [Fact]
    public async Task Should_find_nothing_of_another_provider_s()
    {
        var call = Call("first");
        await Accept(call, "their-id");

        (await Host.Ledger.FindByDelivery("second", call.DeliveryId, CancellationToken.None)).ShouldBeNull();
        (await Host.Ledger.FindByMessage("second", "their-id", CancellationToken.None)).ShouldBeNull();
        (await Host.Ledger.FindByDelivery("first", Guid.CreateVersion7(), CancellationToken.None)).ShouldBeNull();
        (await Host.Ledger.FindByMessage("first", "their", CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_keep_an_id_that_is_a_whole_answer()
    {
        var call = Call("first");
        var answer = string.Concat(Enumerable.Range(0, 2000).Select(number => $"{number:x8} "));
        await Accept(call, answer);

        (await Host.Ledger.FindByMessage("first", answer, CancellationToken.None))!.DeliveryId.ShouldBe(call.DeliveryId);
    }

    async Task Accept(DeliveryAttempt call, string messageId)
    {
        await Claim(call);
        (
            await Host.Ledger.Record(
                call with
                {
                    Status = AttemptStatus.Accepted,
                    ProviderMessageId = messageId,
                },
                suppressedAddress: null,
                CancellationToken.None
            )
        ).ShouldBeTrue();
    }

    async Task Claim(DeliveryAttempt call) =>
        (await Host.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None)).Granted.ShouldBeTrue();

    static DeliveryAttempt Call(string provider) =>
        new()
        {
            DeliveryId = Guid.CreateVersion7(),
            NotificationId = Guid.CreateVersion7(),
            Number = 1,
            Channel = "email",
            Provider = provider,
            Status = AttemptStatus.Started,
        };
}
