using System.Globalization;
using System.Numerics;
using NotificationBus.Subscriptions;

namespace NotificationBus.Saga;

/// <summary>An event of one notification, as it is told to whoever reads along.</summary>
/// <param name="Place">The place after it, from which a reader goes on.</param>
/// <param name="Type">One of <see cref="HeardEvents"/>.</param>
/// <param name="Body">What a webhook is told: a JSON object in one line.</param>
public sealed record ToldEvent(EventPlace Place, string Type, string Body);

/// <summary>
/// How far a reader has come with the events of one notification. Of steps that are kept it says the number, and how many of the step's
/// events it has; what went straight after them has no numbers of its own, so of that it says which events it has.
/// </summary>
/// <param name="Step">The number of the last step that is kept and was come to; 0 before there was one.</param>
/// <param name="OfStep">How many events of that step were told.</param>
/// <param name="Straight">A bit for each event that was told of what went straight after that step.</param>
/// <param name="Sequence">How many events were told in all.</param>
public sealed record EventPlace(int Step, int OfStep, BigInteger Straight, int Sequence)
{
    // As long as a place can be of a notification with all the deliveries that one can have, and some more.
    const int MostCharacters = 512;

    /// <summary>Before the first event.</summary>
    public static EventPlace Beginning { get; } = new(0, 0, BigInteger.Zero, 0);

    /// <summary>True when an event of what went straight was told.</summary>
    internal bool Has(int bit) => !(Straight & (BigInteger.One << bit)).IsZero;

    /// <summary>The place after it was told.</summary>
    internal EventPlace With(int bit) => this with { Straight = Straight | (BigInteger.One << bit), Sequence = Sequence + 1 };

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <returns>Null when it is anything else.</returns>
    public static EventPlace? Parse(string text) =>
        text.Length <= MostCharacters
        && text.Split('-') is [var step, var ofStep, var straight, var sequence]
        && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(ofStep, NumberStyles.None, CultureInfo.InvariantCulture, out var told)
        // A leading zero: without it the first bit would be a sign.
        && BigInteger.TryParse($"0{straight}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
        && int.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new EventPlace(number, told, bits, count)
            : null;

    /// <inheritdoc />
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Step}-{OfStep}-{Straight.ToString("x", CultureInfo.InvariantCulture)}-{Sequence}");
}
