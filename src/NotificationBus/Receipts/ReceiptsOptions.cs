using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Receipts;

/// <summary>Settings of <c>Receipts</c>.</summary>
public sealed class ReceiptsOptions : IValidatableObject
{
    /// <summary>
    /// The address under which vendors reach this host, such as <c>https://notify.example.com</c>; <c>/v1/receipts/{account}</c> follows
    /// it. Some vendors sign the address they post to, and behind a proxy it is not the one the host sees. Default: the one it sees.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>
    /// The time after a delivery, 0 s to 1 h, default 10 s, within which a link that is followed is followed by a program: filters look at
    /// links as a mail arrives, and nobody has read it by then. Counted by the vendor's clock from when it arrived, or, where the vendor
    /// does not report that, from when the vendor took it.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ReadAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The time, 0 s to 1 min, default 2 s, within which two different links of a delivery are followed by a program: nobody is as fast.
    /// 0 s counts each link for itself.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LinksTogether { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time, 0 s to 1 min, default 10 s, for which a link that was followed waits for others that belong to it, before it keeps the
    /// next channel from being tried (<c>EscalateUnless=Read</c>): a vendor reports each by itself. 0 s does not wait.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ClickSettles { get; set; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is not null && PublicAddress.Refuse(PublicUrl) is { } wrong)
            yield return new ValidationResult(wrong, [nameof(PublicUrl)]);
    }
}
