using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Providers;

/// <summary>
/// A guard against what costs: text messages to countries nobody has customers in, and to one number or in all more than a day can have.
/// Settings of <c>Channels:{channel}:Guard</c>.
/// </summary>
public sealed class GuardOptions : IValidatableObject
{
    /// <summary>
    /// The only countries that are sent to, ISO 3166-1 alpha-2: <c>TH,SG</c>. Of the number, not of the contact. Default: all but those in
    /// <see cref="BlockCountries"/>.
    /// </summary>
    public IReadOnlyList<string> AllowCountries { get; set; } = [];

    /// <summary>Countries that are not sent to. Default: none.</summary>
    public IReadOnlyList<string> BlockCountries { get; set; } = [];

    /// <summary>
    /// Countries that are sent to all the same, and counted as if they were not, to see what <see cref="BlockCountries"/> would do.
    /// Default: none.
    /// </summary>
    public IReadOnlyList<string> MonitorCountries { get; set; } = [];

    /// <summary>The most deliveries to one address in a day (UTC), all hosts together, 1 to 1,000,000. Default: as many as come.</summary>
    [Range(1, 1_000_000)]
    public int? AddressPerDay { get; set; }

    /// <summary>
    /// The most that is spent in a day (UTC), all hosts together, in the currency of <see cref="Price"/>, from 0. Default: as much as it
    /// takes.
    /// </summary>
    [Range(typeof(decimal), "0", "1000000000")]
    public decimal? SpendPerDay { get; set; }

    /// <summary>The price of one part of a message, from 0, where <see cref="Prices"/> has none for its country. Default 0.</summary>
    [Range(typeof(decimal), "0", "1000000")]
    public decimal Price { get; set; }

    /// <summary>The price of one part by country: <c>Prices:TH=0.02</c>. Default: <see cref="Price"/> for all.</summary>
    public IReadOnlyDictionary<string, decimal> Prices { get; set; } = new Dictionary<string, decimal>(StringComparer.Ordinal);

    /// <summary>True when something of a day is counted.</summary>
    internal bool Counts => AddressPerDay is not null || SpendPerDay is not null;

    /// <summary>True when it is known what a part costs.</summary>
    internal bool HasPrice => Price > 0 || Prices.Count > 0;

    /// <summary>The price of one part to a country; null is none that is known.</summary>
    internal decimal PriceOf(string? country) =>
        country is not null && Prices.TryGetValue(country.ToLowerInvariant(), out var own) ? own : Price;

    /// <summary>True when nothing is guarded.</summary>
    internal bool IsOff => !Counts && AllowCountries.Count + BlockCountries.Count + MonitorCountries.Count == 0;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (
            var (name, countries) in new[]
            {
                (nameof(AllowCountries), AllowCountries),
                (nameof(BlockCountries), BlockCountries),
                (nameof(MonitorCountries), MonitorCountries),
                (nameof(Prices), [.. Prices.Keys.Select(country => country.ToUpperInvariant())]),
            }
        )
        {
            if (countries.Any(country => country is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z']))
                yield return new ValidationResult("must be countries such as TH, two capitals (ISO 3166-1 alpha-2)", [name]);
        }

        if (BlockCountries.Intersect(AllowCountries, StringComparer.Ordinal).Any())
            yield return new ValidationResult("must not name what AllowCountries names", [nameof(BlockCountries)]);
        if (Prices.Values.Any(price => price < 0))
            yield return new ValidationResult("must be 0 or more", [nameof(Prices)]);
        if (SpendPerDay is not null && Price == 0 && Prices.Count == 0)
            yield return new ValidationResult("needs Price or Prices: what costs nothing is never too much", [nameof(SpendPerDay)]);
    }
}
