namespace NotificationBus.Contracts;

/// <summary>What an e-mail carries besides its text, whether templates or the request say that.</summary>
public sealed record EmailExtras
{
    /// <summary>The mailbox that answers go to, <c>local@domain</c>; by default the sender's.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>
    /// Mailboxes that are sent a copy, at most 10, none of them the recipient's. A copy is no delivery: nothing is recorded of whether it
    /// arrives, and a receipt about it is ignored.
    /// </summary>
    public IReadOnlyList<string>? Cc { get; init; }

    /// <summary>
    /// Files, at most 10. They are fetched before the first call to a provider, and once: whoever is called later sends the same octets.
    /// Together they have at most as many octets as <c>Attachments:MaxBytes</c> says, by default 7,000,000.
    /// </summary>
    public IReadOnlyList<Attachment>? Attachments { get; init; }
}

/// <summary>A file that is attached to an e-mail.</summary>
public sealed record Attachment
{
    /// <summary>The https URL it is fetched from, in the public Internet; redirects are not followed. At most 2,048 characters.</summary>
    public required string Url { get; init; }

    /// <summary>The name readers see, such as <c>invoice.pdf</c>: 1 to 150 characters, and no path.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The type it must have, such as <c>application/pdf</c>: what is answered with another one is not attached. By default it is what the
    /// answer says.
    /// </summary>
    public string? ContentType { get; init; }
}
