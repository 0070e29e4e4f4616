using System.ComponentModel.DataAnnotations;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Email;

/// <summary>Settings of the account of every vendor of e-mail: <c>Providers:{account}</c>.</summary>
public abstract class EmailVendorOptions : HttpVendorOptions
{
    /// <summary>The sender's mailbox, which the vendor must know. Required.</summary>
    [Required(ErrorMessage = "must be set to the mailbox that sends, such as shop@example.com")]
    public string From { get; set; } = "";

    /// <summary>The sender's name as readers see it. Default: none.</summary>
    public string? FromName { get; set; }

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        base.Validate(validationContext).Concat(EmailRules.CheckSender(From, FromName));
}
