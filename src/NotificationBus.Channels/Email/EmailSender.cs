using System.ComponentModel.DataAnnotations;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Email;

/// <summary>The mailbox that a mail goes out from, and the name beside it. Everybody who sends e-mails takes it from here.</summary>
/// <param name="From">The mailbox.</param>
/// <param name="Name">The name that readers see beside it; null for none.</param>
readonly record struct EmailSender(string From, string? Name)
{
    /// <summary>The sender of its application's own, else the account's.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="from">The account's mailbox.</param>
    /// <param name="name">The account's name beside it.</param>
    public static EmailSender Of(Delivery delivery, string from, string? name) =>
        delivery.Sender is { } own ? new EmailSender(own.Address, own.Name) : new EmailSender(from, name);

    /// <summary>What is behind the @.</summary>
    public string Domain => From[(From.LastIndexOf('@') + 1)..];
}

/// <summary>Settings of <c>Applications:{name}:Email</c>: the sender of an application's e-mails, whichever account sends them.</summary>
public sealed class EmailSenderOptions : IValidatableObject
{
    /// <summary>
    /// The mailbox that the application's e-mails go out from, such as <c>shop@example.com</c>, in the place of the account's
    /// <c>From</c>. Every account of e-mail that its mail may take must be allowed to send from it. Default: the account's.
    /// </summary>
    public string? From { get; set; }

    /// <summary>The sender's name as readers see it, beside <see cref="From"/>. Default: none.</summary>
    public string? FromName { get; set; }

    /// <summary>The sender; null when the account's is meant.</summary>
    public Sender? ToSender() => From is { Length: > 0 } from ? new Sender(from, FromName is { Length: > 0 } name ? name : null) : null;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        From is { Length: > 0 } from ? EmailRules.CheckSender(from, FromName)
        : FromName is { Length: > 0 } ? [new ValidationResult("is nothing without From; set both, or leave both out", [nameof(FromName)])]
        : [];
}
