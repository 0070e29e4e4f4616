using MassTransit;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;

namespace NotificationBus.Receipts;

/// <summary>Takes what a vendor has reported: durable in the broker when it returns.</summary>
public sealed class ReceiptIntake(IBus bus, IntakeGate gate)
{
    const int LongestText = 500;

    // A delivery has one; a vendor that gathers reports names some more.
    const int MostAddresses = 50;

    // A call may bring ten thousand, and each part takes one place among all that is published at the same time.
    const int MostOfAPart = 50;

    /// <summary>Takes receipts of one account.</summary>
    /// <exception cref="IntakeClosedException">It would be lost.</exception>
    /// <exception cref="IntakeBusyException">Too much is being taken already.</exception>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. Taking them again is harmless.</exception>
    public async Task Take(string provider, IReadOnlyList<Receipt> receipts)
    {
        if (receipts.Count == 0)
            return;

        var queue = await bus.GetSendEndpoint(ReceiptEndpoint.Address);
        foreach (var part in receipts.Chunk(MostOfAPart))
        {
            await gate.Publish(() =>
                Task.WhenAll(
                    part.Select(receipt =>
                        queue.Send(
                            new LocateReceipt { Provider = provider, Receipt = Tidy(receipt) },
                            send => send.MessageId = DeterministicId.From("receipt", provider, receipt.Id, $"{receipt.Kind}"),
                            CancellationToken.None
                        )
                    )
                )
            );
        }
    }

    // It is a stranger's text, and PostgreSQL takes no U+0000.
    static Receipt Tidy(Receipt receipt) =>
        receipt with
        {
            Id = PlainText.Of(receipt.Id, LongestText),
            ProviderMessageId = receipt.ProviderMessageId is { } id ? PlainText.Of(id, LongestText) : null,
            Addresses = [.. receipt.Addresses.Take(MostAddresses).Select(address => PlainText.Of(address, LongestText))],
            Reason = receipt.Reason is { } reason ? PlainText.Of(reason, LongestText) : null,
        };
}
