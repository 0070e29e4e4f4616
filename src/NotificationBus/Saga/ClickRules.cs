using NotificationBus.Model;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>
/// Tells a link that a person has followed from one that a program has: filters look at links as a mail arrives, and at all of them at
/// once. What is known of a delivery decides, not the order in which it came.
/// </summary>
sealed class ClickRules(ReceiptsOptions options)
{
    // Of more, those are forgotten that can tell nothing any more.
    const int MostRemembered = 12;

    /// <summary>Notes a link that was followed.</summary>
    /// <param name="delivery">The delivery it is in.</param>
    /// <param name="receipt">What the vendor reports.</param>
    /// <param name="decides">True when the next channel may depend on it: then it counts when it is settled.</param>
    public static void Note(DeliveryState delivery, DeliveryReceiptReceived receipt, bool decides)
    {
        var click = new LinkClick
        {
            At = receipt.At,
            Link = receipt.Click!.Link,
            IsMarked = receipt.Click.IsAutomatic,
            IsSettled = receipt.ClickIsSettled || !decides,
        };
        // What it belongs to is forgotten, and there was so much of it that no person was it.
        if (delivery.Clicks is { Count: >= MostRemembered } full && click.At < full.FirstOrDefault(one => one.At != delivery.ReadAt)?.At)
        {
            delivery.AutomaticReadAt = Earlier(delivery.AutomaticReadAt, click.At);
            return;
        }

        var others = (delivery.Clicks ?? []).Where(one => !IsSame(one, click)).ToList();
        var earlier = (delivery.Clicks ?? []).FirstOrDefault(one => IsSame(one, click));
        others.Add(
            click with
            {
                IsMarked = click.IsMarked || earlier?.IsMarked == true,
                IsSettled = click.IsSettled || earlier?.IsSettled == true,
            }
        );
        delivery.Clicks = [.. others.OrderBy(one => one.At).ThenBy(one => one.Link)];
    }

    /// <summary>Says anew when a person has first followed a link, and when a program has.</summary>
    public void Judge(DeliveryState delivery)
    {
        if (delivery.Clicks is not { Count: > 0 } clicks)
            return;

        // Whatever else says that it was read still does.
        var readOtherwise = clicks.Any(click => click.At == delivery.ReadAt) ? null : delivery.ReadAt;
        DateTimeOffset? byPerson = null;
        DateTimeOffset? byProgram = null;
        foreach (var click in clicks)
        {
            if (IsAutomatic(click, delivery))
                byProgram ??= click.At;
            else if (click.IsSettled)
                byPerson ??= click.At;
        }

        delivery.ReadAt = Earlier(readOtherwise, byPerson);
        delivery.AutomaticReadAt = clicks.Count < MostRemembered ? byProgram : Earlier(delivery.AutomaticReadAt, byProgram);
        if (clicks.Count <= MostRemembered)
            return;

        var person = clicks.FirstOrDefault(click => click.At == byPerson);
        var newest = clicks.Where(click => click != person).TakeLast(person is null ? MostRemembered : MostRemembered - 1);
        delivery.Clicks = person is null ? [.. newest] : [.. newest.Append(person).OrderBy(click => click.At)];
    }

    bool IsAutomatic(LinkClick click, DeliveryState delivery) =>
        click.IsMarked
        // A mail may be looked at before its server has taken it.
        || click.At - (delivery.ConfirmedAt ?? delivery.SettledAt ?? delivery.BegunAt) < options.ReadAfter
        || (
            options.LinksTogether > TimeSpan.Zero
            && delivery.Clicks!.Any(other => AreDifferent(click, other) && (other.At - click.At).Duration() <= options.LinksTogether)
        );

    static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => other is null || one < other ? one : other;

    static bool AreDifferent(LinkClick one, LinkClick other) => one.Link != other.Link && one.Link != 0 && other.Link != 0;

    static bool IsSame(LinkClick one, LinkClick other) => one.At == other.At && one.Link == other.Link;
}
