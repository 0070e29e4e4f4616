using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace NotificationBus.Channels.Sandbox;

/// <summary>A test's search among the caught deliveries, with the time it waits for what it looks for.</summary>
/// <param name="After">Only those with a higher number.</param>
/// <param name="Recipient">The recipient's name, or a part of it, whatever its case.</param>
/// <param name="Address">The address as it was written, whatever its case.</param>
/// <param name="Category">The category.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Notification">The notification.</param>
/// <param name="Count">How many there have to be.</param>
/// <param name="Wait">How long to wait for them; then there may be fewer.</param>
sealed record InboxSearch(
    long After,
    string? Recipient,
    string? Address,
    string? Category,
    string? Channel,
    Guid? Notification,
    int Count,
    TimeSpan Wait
)
{
    const int LongestWait = 30;

    static readonly string[] Parameters = ["after", "recipient", "address", "category", "channel", "notification", "count", "wait"];

    /// <summary>Reads a query; what is wrong with it by parameter.</summary>
    public static (InboxSearch Search, Dictionary<string, string[]> Errors) Read(IQueryCollection query)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var unknown in query.Keys.Except(Parameters, StringComparer.Ordinal))
            errors[unknown.Length <= 64 ? unknown : "?"] = [Spelling.Unknown(unknown, Parameters)];

        var search = new InboxSearch(
            Number("after", 0, 0, long.MaxValue),
            Text("recipient"),
            Text("address"),
            Text("category"),
            Text("channel"),
            Notification(),
            (int)Number("count", 1, 1, SandboxInbox.Capacity),
            TimeSpan.FromSeconds(Number("wait", 0, 0, LongestWait))
        );
        return (search, errors);

        string? Text(string name)
        {
            if (query[name] is var values && (values.Count > 1 || (values.Count == 1 && StringValues.IsNullOrEmpty(values))))
                errors[name] = ["must stand once and not be empty, or be left out"];
            return values.Count == 1 ? values[0] : null;
        }

        long Number(string name, long otherwise, long least, long most)
        {
            if (Text(name) is not { } text)
                return otherwise;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
                return number;

            errors[name] = [$"must be a number from {least} to {most}"];
            return otherwise;
        }

        Guid? Notification()
        {
            if (Text("notification") is not { } text)
                return null;
            if (Guid.TryParse(text, out var id))
                return id;

            errors["notification"] = ["must be the id of a notification"];
            return null;
        }
    }

    /// <summary>Finds what fits, newest first, as soon as there is enough of it; or what there is when the time is over.</summary>
    public async Task<IReadOnlyList<CaughtDelivery>> In(SandboxInbox inbox, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(Wait, clock);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        while (true)
        {
            var (edition, all) = (inbox.Edition, inbox.Since(After));
            List<CaughtDelivery> found = [.. all.Where(Fits)];
            if (found.Count >= Count || leave.IsCancellationRequested)
                return found;

            await inbox
                .Arrival(edition, all.Count > 0 ? all[0].Number : After, leave.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    bool Fits(CaughtDelivery caught)
    {
        var delivery = caught.Delivery;
        return (Recipient is null || delivery.RecipientName?.Contains(Recipient, StringComparison.OrdinalIgnoreCase) == true)
            && (Address is null || delivery.Address.Equals(Address, StringComparison.OrdinalIgnoreCase))
            && (Category is null || delivery.Category == Category)
            && (Channel is null || delivery.Channel == Channel)
            && (Notification is null || delivery.NotificationId == Notification);
    }
}
