using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Providers;

/// <summary>
/// Settings of <c>Channels:{channel}:Concurrency</c>: the bounds between which one host finds out how many calls an account of the channel
/// takes at the same time. A plain number, <c>Channels:email:Concurrency=32</c>, is <see cref="Max"/>.
/// </summary>
[DefaultProperty(nameof(Max))]
public sealed class ConcurrencyOptions : IValidatableObject
{
    /// <summary>Unless <see cref="Min"/> says another number.</summary>
    public const int DefaultMin = 32;

    /// <summary>Unless <see cref="Max"/> says another number.</summary>
    public const int DefaultMax = 256;

    /// <summary>
    /// The calls at the same time that an account gets however slow it is, 1 to 1,000, default 32; never more than <see cref="Max"/>.
    /// </summary>
    [Range(1, 1000)]
    public int Min { get; set; } = DefaultMin;

    /// <summary>
    /// The most deliveries of the channel and a lane that one host has at its providers at the same time, 1 to 1,000, default 256. It is
    /// also the most that can be sent twice when the host is killed.
    /// </summary>
    [Range(1, 1000)]
    public int Max { get; set; } = DefaultMax;

    internal int Least => Math.Min(Min, Max);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Min > Max && Min != DefaultMin)
            yield return new ValidationResult("must not be more than Max", [nameof(Min)]);
    }
}
