using System.Text.Json;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>A way of reaching someone: email, push, sms. A kind, never a vendor.</summary>
public interface IChannel
{
    /// <summary>Lower-case word used in configuration, in queue names (<c>send-{name}</c>) and in answers of the API.</summary>
    string Name { get; }

    /// <summary>
    /// The parts a template of this channel must have, such as <c>subject</c>. A channel without parts has no templates, and sends data:
    /// <see cref="Carry"/>.
    /// </summary>
    IReadOnlyList<TemplatePart> Parts { get; }

    /// <summary>
    /// Finds the addresses of the person on this channel, one for each delivery. Empty when it does not reach the person.
    /// </summary>
    IEnumerable<string> AddressesOf(Contact recipient);

    /// <summary>
    /// Returns the reason why an address can never work on this channel, or null when it looks right. The answer does not repeat the
    /// address.
    /// </summary>
    string? Refuse(string address);

    /// <summary>The one form under which an address is suppressed, however it was written.</summary>
    string Canonical(string address) => address;

    /// <summary>
    /// The country an address says it is in, ISO 3166-1 alpha-2 in capitals; null where addresses say nothing of the kind.
    /// </summary>
    string? CountryOf(string address) => null;

    /// <summary>
    /// The delays by which a delivery is put off, one each time that no provider takes it, where the channel's own standard says so; then
    /// the last of them again. Empty: as <c>Redelivery</c> says for all channels.
    /// </summary>
    IReadOnlyList<TimeSpan> RedeliveryDelays => [];

    /// <summary>
    /// The most deliveries in a minute to one address, where <c>Channels:{channel}:AddressLimit</c> says nothing else; null where an
    /// address is no person's, and as many are sent as come.
    /// </summary>
    int? AddressLimit => null;

    /// <summary>Turns rendered parts into what a provider of this channel sends.</summary>
    /// <exception cref="Templates.TemplateException">
    /// The rendered text is nothing this channel may send, for instance a subject of two lines.
    /// </exception>
    Content Fill(IReadOnlyDictionary<string, string> parts);

    /// <summary>
    /// Turns the data of the event into what a provider sends. Asked of channels without <see cref="Parts"/>, instead of
    /// <see cref="Fill"/>.
    /// </summary>
    /// <param name="data">What templates read, a JSON object.</param>
    /// <exception cref="Templates.TemplateException">The data is nothing this channel may send.</exception>
    Content Carry(JsonElement data) => Fill(new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Finds what is wrong with what a request has this channel carry besides its text.</summary>
    /// <param name="extras">The extras, of which it looks at its own.</param>
    /// <param name="recipient">The recipient.</param>
    IEnumerable<Breach> CheckExtras(MessageExtras extras, Contact recipient) => [];

    /// <summary>
    /// What a request has this channel carry besides its text, as further parts of its content: <see cref="Fill"/> takes them beside
    /// <see cref="Parts"/>. Empty when there is nothing, or the channel carries nothing.
    /// </summary>
    IReadOnlyList<ContentPart> ExtrasOf(MessageExtras extras) => [];
}

/// <summary>Contents and what they carry besides their text.</summary>
public static class ContentExtras
{
    /// <summary>The content with more parts.</summary>
    public static Content Carrying(this IChannel channel, Content content, IReadOnlyList<ContentPart> extras) =>
        extras.Count == 0
            ? content
            : channel.Fill(content.Parts.Concat(extras).ToDictionary(part => part.Name, part => part.Text, StringComparer.Ordinal));

    /// <summary>The parts that are no text of the channel's.</summary>
    public static IReadOnlyList<ContentPart> ExtrasIn(this IChannel channel, IReadOnlyList<ContentPart> parts) =>
        parts.Count == channel.Parts.Count
            ? []
            : [.. parts.Where(part => channel.Parts.All(own => !string.Equals(own.Name, part.Name, StringComparison.Ordinal)))];
}
