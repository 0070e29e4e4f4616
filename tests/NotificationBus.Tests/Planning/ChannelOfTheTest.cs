using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Planning;

/// <summary>
/// A channel whose addresses are the push tokens that begin with its name: <c>fax:1</c>. What ends with <c>!</c> is refused.
/// </summary>
sealed class ChannelOfTheTest(string name) : IChannel
{
    public string Name => name;

    public IReadOnlyList<TemplatePart> Parts => [];

    public IEnumerable<string> AddressesOf(Contact recipient) =>
        recipient.PushTokens.Where(token => token.StartsWith($"{name}:", StringComparison.Ordinal));

    public string? Refuse(string address) => address.EndsWith('!') ? "the address ends with an exclamation mark" : null;

    public Content Fill(IReadOnlyDictionary<string, string> parts) => new Nothing();

    public sealed record Nothing : Content;
}

/// <summary>Texts for every channel but one.</summary>
sealed class TemplatesOfTheTest(string? missing = null) : ITemplates
{
    public IReadOnlyCollection<string> Categories => ["news"];

    public bool Has(string category, string channel) => channel != missing;

    public Content Render(string category, IChannel channel, string? locale, string? recipientName, JsonElement data) =>
        channel.Name == missing
            ? throw new TemplateException($"{category}/{channel.Name}.en: 'title' is missing")
            : new ChannelOfTheTest.Nothing();
}

/// <summary>Plans as the tests of planning need them.</summary>
static class PlanOfTheTest
{
    public static readonly ChannelSet AllChannels = new([
        new ChannelOfTheTest("fax"),
        new ChannelOfTheTest("pager"),
        new ChannelOfTheTest("telex"),
    ]);

    public static DeliveryPlan Plan(
        DeliveryMode mode,
        string[] channels,
        string[] addresses,
        string[]? requested = null,
        string? missing = null
    ) =>
        DeliveryPlanner.Plan(
            Request(addresses, requested),
            new EventTypeOptions { Channels = channels, Mode = mode },
            AllChannels,
            new TemplatesOfTheTest(missing)
        );

    public static NotificationRequest Request(string[] addresses, string[]? requested = null) =>
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            EventName = "news",
            Category = "news",
            Recipient = new Contact { Id = "reader-1", PushTokens = addresses },
            Data = JsonElement.Parse("{}"),
            Channels = requested,
        };
}
