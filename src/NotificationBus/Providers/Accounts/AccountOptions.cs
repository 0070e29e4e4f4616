using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace NotificationBus.Providers.Accounts;

/// <summary>Settings that every account may have beside the options of its own type: <c>Providers:{account}</c>.</summary>
public sealed class AccountOptions
{
    /// <summary>The type of the account, such as <c>smtp</c>. Default: an account is what it is called.</summary>
    public string? Type { get; set; }

    /// <summary>
    /// The most calls per second to the account, all hosts together, 0.01 to 100,000. Default: no limit but what the provider complains
    /// about.
    /// </summary>
    public double? PerSecond { get; set; }

    /// <summary>Settings of the circuit, by which the account is not called while it keeps failing.</summary>
    public CircuitOptions Circuit { get; set; } = new();

    /// <summary>The keys, for whoever reads the options of the account's type from the same section.</summary>
    public static IReadOnlyList<string> Keys { get; } = [nameof(Type), nameof(PerSecond), nameof(Circuit)];

    /// <summary>Reads the settings of an account.</summary>
    /// <exception cref="SettingsException">A value is out of its range.</exception>
    public static AccountOptions Read(IConfiguration configuration, string account)
    {
        var section = configuration.GetSection($"Providers:{account}");
        var options = new AccountOptions
        {
            Type = section[nameof(Type)],
            Circuit = section.GetSection(nameof(Circuit)).Get<CircuitOptions>() ?? new CircuitOptions(),
        };
        if (section[nameof(PerSecond)] is not { } perSecond)
            return options;

        // By default 2,5 is read as 25, and what is neither less nor more may be no number at all.
        if (
            !double.TryParse(perSecond, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || value is not (>= 0.01 and <= 100_000)
        )
            throw new SettingsException($"Providers:{account}:PerSecond must be a number from 0.01 to 100000");

        options.PerSecond = value;
        return options;
    }
}
