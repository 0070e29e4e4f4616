using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Sending;

/// <summary>Settings of <c>Unsubscribe</c>: links with which a recipient unsubscribes from one category on one channel.</summary>
public sealed class UnsubscribeOptions : IValidatableObject
{
    const int ShortestKey = 32;
    const int MostKeys = 10;

    /// <summary>
    /// The address under which recipients reach this host, such as <c>https://notify.example.com</c>; <c>/v1/unsubscribe/{token}</c>
    /// follows it. Without it (the default) there are no links.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// Signs the links; at least 32 characters by chance, the same on all hosts, never logged. With another key the links of earlier
    /// deliveries work only as long as the key before stands in <see cref="EarlierKeys"/>.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// Keys that have signed before: their links are still read, and no more are written. Each as long as <see cref="Key"/>; at most 10,
    /// default none. To change the key: first set the new one here on all hosts, then swap the two.
    /// </summary>
    public IReadOnlyList<string> EarlierKeys { get; set; } = [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is not null && PublicAddress.Refuse(PublicUrl) is { } wrong)
            yield return new ValidationResult(wrong, [nameof(PublicUrl)]);
        if (PublicUrl is null != Key is null)
            yield return new ValidationResult("must be set together, or neither of them", [nameof(PublicUrl), nameof(Key)]);
        if (Key is { Length: < ShortestKey })
            yield return new ValidationResult($"must have at least {ShortestKey} characters", [nameof(Key)]);
        if (EarlierKeys.Any(earlier => earlier is not { Length: >= ShortestKey }))
            yield return new ValidationResult($"must each have at least {ShortestKey} characters", [nameof(EarlierKeys)]);
        if (EarlierKeys.Count > MostKeys || (EarlierKeys.Count > 0 && Key is null))
            yield return new ValidationResult($"must be at most {MostKeys}, beside a Key", [nameof(EarlierKeys)]);
    }
}
