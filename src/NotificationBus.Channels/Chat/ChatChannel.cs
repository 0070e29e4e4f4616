using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Channels.Chat;

/// <summary>A message in each of the recipient's conversations, whatever service they are on.</summary>
public sealed class ChatChannel : IChannel
{
    const int LongestAddress = 2048;

    /// <inheritdoc />
    public string Name => "chat";

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } = [new("text") { Longest = 4_000 }];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) =>
        recipient.Chat.Where(address => !string.IsNullOrEmpty(address)).DistinctBy(Canonical, StringComparer.Ordinal);

    /// <inheritdoc />
    public string Canonical(string address) => ChatAddress.Parse(address)?.Canonical ?? address;

    /// <inheritdoc />
    public string? Refuse(string address) =>
        address.Length > LongestAddress ? $"the place is longer than {LongestAddress} characters"
        : ChatAddress.Parse(address) is not { } parsed ? "the place is not of the form service:place, such as slack:C0123456789"
        : parsed.Refusal;

    /// <inheritdoc />
    public Content Fill(IReadOnlyDictionary<string, string> parts) => new ChatContent(parts["text"].Trim());
}
