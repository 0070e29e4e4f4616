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

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is not null && PublicAddress.Refuse(PublicUrl) is { } wrong)
            yield return new ValidationResult(wrong, [nameof(PublicUrl)]);
    }
}
