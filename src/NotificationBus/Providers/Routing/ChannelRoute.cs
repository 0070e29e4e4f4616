using System.ComponentModel.DataAnnotations;
using NotificationBus.Contracts;

namespace NotificationBus.Providers.Routing;

/// <summary>Other providers for some deliveries of a channel: <c>Channels:{channel}:Routes:{number}</c>.</summary>
public sealed class ChannelRoute
{
    /// <summary>The condition under which a delivery takes this route. At least one is set.</summary>
    public RouteCondition When { get; set; } = new();

    /// <summary>Accounts in the order in which they are tried, at least one. No others are used for these deliveries.</summary>
    public IReadOnlyList<string> Providers { get; set; } = [];
}

/// <summary>The condition that a delivery must meet: everything that is set must hold, and of each list one entry is enough.</summary>
public sealed class RouteCondition : IValidatableObject
{
    /// <summary>
    /// The recipient's country, ISO 3166-1 alpha-2: <c>TH,SG</c>. It is the number's, else the contact's, else that of its locale. Default:
    /// any, also an unknown one.
    /// </summary>
    public IReadOnlyList<string> Countries { get; set; } = [];

    /// <summary>The kind of notification: <c>order-placed,announcement</c>. Default: any.</summary>
    public IReadOnlyList<string> Categories { get; set; } = [];

    /// <summary>The lane in which the notification goes. Default: any.</summary>
    public Lane? Lane { get; set; }

    /// <inheritdoc />
    public override string ToString() =>
        string.Join(
            ", ",
            [
                .. Countries.Count == 0 ? [] : (string[])[$"to {string.Join(" or ", Countries)}"],
                .. Categories.Count == 0 ? [] : (string[])[$"of {string.Join(" or ", Categories)}"],
                .. Lane is { } lane ? (string[])[$"in the {lane.ToString().ToLowerInvariant()} lane"] : [],
            ]
        );

    internal bool IsEmpty => Countries.Count == 0 && Categories.Count == 0 && Lane is null;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Countries.All(country => country.Length == 2 && country.All(char.IsAsciiLetter)))
            yield return new ValidationResult("must be codes of two letters (ISO 3166-1), such as TH,SG", [nameof(Countries)]);
    }

    internal bool Holds(SendDelivery command, Lazy<string?> country) =>
        (Lane is null || Lane == command.Lane)
        && (Categories.Count == 0 || Categories.Contains(command.Category, StringComparer.Ordinal))
        && (Countries.Count == 0 || (country.Value is { } known && Countries.Contains(known, StringComparer.OrdinalIgnoreCase)));
}
