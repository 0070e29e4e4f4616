using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>
/// What a message carries besides its text, by channel. Each channel reads what is for it (<see cref="IChannel.ExtrasOf"/>).
/// </summary>
/// <param name="Email">For e-mails.</param>
/// <param name="Push">For push messages.</param>
public sealed record MessageExtras(EmailExtras? Email, PushExtras? Push)
{
    /// <summary>The extras of a request; null when it has none.</summary>
    public static MessageExtras? Of(EmailExtras? email, PushExtras? push) =>
        email is null && push is null ? null : new MessageExtras(email, push);

    /// <summary>The channels that something is for.</summary>
    public IEnumerable<string> Channels()
    {
        if (Email is not null)
            yield return "email";
        if (Push is not null)
            yield return "push";
    }

    /// <summary>Those of one channel; null when there are none.</summary>
    /// <param name="channel">The channel.</param>
    public MessageExtras? For(string channel) => Of(channel == "email" ? Email : null, channel == "push" ? Push : null);

    /// <summary>Addresses that are sent a copy.</summary>
    public IEnumerable<string> Copies() => Email?.Cc ?? [];

    /// <summary>The files that are fetched before the first call.</summary>
    public IEnumerable<FileReference> Files() =>
        (Email?.Attachments ?? []).Select(file => new FileReference(file.Url, file.Name, file.ContentType));

    /// <summary>URLs that are fetched before the first call, and where they stand.</summary>
    public IEnumerable<(string Path, string? Url)> Fetched() =>
        (Email?.Attachments ?? []).Select((file, index) => ($"email.attachments[{index}].url", file?.Url));
}
