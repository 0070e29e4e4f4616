using NotificationBus.Contracts;
using NotificationBus.Sending;
using NotificationBus.Templates;

namespace NotificationBus.Channels.Push;

/// <summary>A message on the lock screen of each of the recipient's devices.</summary>
public sealed class PushChannel : IChannel
{
    const int LongestToken = 4096;

    /// <inheritdoc />
    public string Name => "push";

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } = [new("title"), new("body")];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) =>
        recipient.PushTokens.Where(token => !string.IsNullOrEmpty(token)).Distinct(StringComparer.Ordinal);

    /// <inheritdoc />
    public string? Refuse(string address) =>
        address.Length > LongestToken ? $"the push token is longer than {LongestToken} characters"
        : address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) ? "the push token has spaces or control characters"
        : null;

    /// <inheritdoc />
    public Content Fill(IReadOnlyDictionary<string, string> parts) => new PushContent(parts["title"].Trim(), parts["body"].Trim());
}
