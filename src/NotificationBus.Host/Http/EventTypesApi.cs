using NotificationBus.Host.OpenApi;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Templates;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/event-types</c>: by which channels, and how, each event type is sent, and what operators set of that while the hosts run.
/// </summary>
static class EventTypesApi
{
    const string Tag = "Sending";

    public static void MapEventTypes(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead(
                "/v1/event-types",
                (EventTypeRules rules) =>
                    Results.Ok(
                        new EventTypeList([.. rules.Categories.Select(category => EventTypeStatus.Of(category, rules.Of(category)))])
                    )
            )
            .Describe("listEventTypes", Tag, "Lists the event types: switch, channels, mode, escalation, as set and as configured.")
            .Answers<EventTypeList>()
            .Refuses();
        routes
            .MapPut("/v1/event-types/{category}", SetEventType)
            .Describe("setEventType", Tag, "Sets how an event type is sent while the hosts run. What has begun keeps its plan.")
            .Takes<SetEventType>()
            .Answers<EventTypeControl>()
            .Refuses(404, 413, 415);
    }

    static async Task<IResult> SetEventType(
        string category,
        HttpRequest request,
        EventTypeRules rules,
        PlannableChannels channels,
        IControls controls,
        ControlBoard board,
        CancellationToken cancellationToken
    )
    {
        if (!rules.Know(category))
            return Problems.Unknown("event-type", category, rules.Categories);

        var (body, refusal) = await JsonBody.Read<SetEventType>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        var setting = new EventTypeControl
        {
            Switch = errors.ReadWord("switch", body.Switch, EventTypeSwitch.On),
            Channels = body.Channels,
            Mode = body.Mode is null ? null : errors.ReadWord("mode", body.Mode, default(DeliveryMode)),
            Lifetime = errors.ReadTime("lifetime", body.Lifetime, TimeSpan.FromSeconds(10), TimeSpan.FromDays(30)),
            EscalateAfter = errors.ReadTime("escalateAfter", body.EscalateAfter, TimeSpan.Zero, TimeSpan.FromDays(30)),
            EscalateUnless = body.EscalateUnless is null
                ? null
                : errors.ReadWord("escalateUnless", body.EscalateUnless, default(DeliveryProof)),
        };
        if (body.Channels is { } wanted)
            channels.Check(category, wanted, errors);
        if (!errors.Any)
            CheckTogether(setting, rules.Of(category).Configured, errors);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var changed = await controls.ChangeEventType(
            category,
            before => setting with { Version = before.Version + 1 },
            by,
            cancellationToken
        );
        await board.Refresh(cancellationToken);
        return Results.Ok(changed);
    }

    /// <summary>Refuses what says something and would be without effect: it is set beside what is configured.</summary>
    static void CheckTogether(EventTypeControl setting, EventTypeOptions configured, FieldErrors errors)
    {
        var inForce = setting.Over(configured);
        if (setting.EscalateAfter > TimeSpan.Zero && inForce.Mode != DeliveryMode.FirstThatWorks)
            errors.Add("escalateAfter", "needs the mode first-that-works: all channels are used at once anyway");
        else if (setting.EscalateAfter > TimeSpan.Zero && setting.EscalateAfter < TimeSpan.FromSeconds(1))
            errors.Add("escalateAfter", "must be a second at least, or 00:00:00 for never by time");
        else if (setting.EscalateUnless is not (null or DeliveryProof.Sent) && inForce.EscalateAfter is null)
            errors.Add("escalateUnless", "needs escalateAfter: how long to wait for it");
    }
}

/// <summary>The channels by which an event type can be sent now.</summary>
sealed class PlannableChannels(ChannelSet channels, ITemplates templates, ProviderChains chains, ControlBoard board)
{
    /// <summary>Finds what is wrong with a list of channels.</summary>
    public void Check(string category, IReadOnlyList<string> wanted, FieldErrors errors)
    {
        if (wanted.Count == 0)
            errors.Add("channels", $"must name at least one of {channels.Names}, or be left out; to send nothing, switch it off");
        foreach (var (index, name) in wanted.Index().Take(channels.All.Count + 1))
        {
            if (WhyNot(category, name) is { } why)
                errors.Add($"channels[{index}]", why);
            else if (wanted.Take(index).Contains(name, StringComparer.Ordinal))
                errors.Add($"channels[{index}]", "is named before");
        }
    }

    string? WhyNot(string category, string name)
    {
        if (channels.Find(name) is not { } channel)
            return channels.NoChannel(name);
        if (channel.Parts.Count > 0 && !templates.Has(category, name))
            return $"has no template {category}/{name} in the default language; write it, or leave the channel out";

        // Deliveries would wait for one, and expire.
        var order = board.Current.Channel(name).Order;
        var accounts = chains
            .Of(name)
            .Accounts.Select(account => account.Name)
            .Where(account => order?.Contains(account) != false)
            .ToList();
        return accounts.Exists(account => board.Current.Provider(account).Switch == ProviderSwitch.On)
            ? null
            : $"has no provider that is switched on; switch one of {string.Join(", ", accounts)} on first (PUT /v1/providers/{{account}})";
    }
}

/// <summary>The body of <c>PUT /v1/event-types/{category}</c>. What is left out is left to configuration.</summary>
public sealed record SetEventType
{
    /// <summary>on (default) or off: what begins is kept on record as failed, and nothing of it is sent.</summary>
    public string? Switch { get; init; }

    /// <summary>The channels, in order.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>all-at-once, or first-that-works: one channel after the other until one takes it.</summary>
    public string? Mode { get; init; }

    /// <summary>00:00:10 to 30.00:00:00: the time that a notification is of use, counted from its event.</summary>
    public string? Lifetime { get; init; }

    /// <summary>
    /// 00:00:01 to 30.00:00:00: the time after which, with first-that-works, the next channel is tried in addition; 00:00:00 for never by
    /// time.
    /// </summary>
    public string? EscalateAfter { get; init; }

    /// <summary>sent, confirmed or read: the proof that must be there by then so that the next channel is not tried.</summary>
    public string? EscalateUnless { get; init; }

    /// <summary>Name of whoever sets it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>The event types.</summary>
public sealed record EventTypeList(IReadOnlyList<EventTypeStatus> EventTypes);

/// <summary>The state of an event type.</summary>
public sealed record EventTypeStatus
{
    /// <summary>The category of its notifications.</summary>
    public required string Category { get; init; }

    /// <summary>on, or off: nothing of it is sent.</summary>
    public required EventTypeSwitch Switch { get; init; }

    /// <summary>The number of times that operators have changed it; a notification that they had a part in notes it.</summary>
    public required int Version { get; init; }

    /// <summary>The plan of what begins now, as set or configured.</summary>
    public required EventTypePlan Plan { get; init; }

    /// <summary>The configured plan, while operators have set another.</summary>
    public EventTypePlan? Configured { get; init; }

    /// <summary>What operators have set; null while configuration decides about all of it.</summary>
    public EventTypeControl? Set { get; init; }

    /// <summary>Puts together what is known of an event type.</summary>
    public static EventTypeStatus Of(string category, EventTypeRule rule)
    {
        var isSet = rule.Set != new EventTypeControl { Version = rule.Set.Version };
        return new EventTypeStatus
        {
            Category = category,
            Switch = rule.Set.Switch,
            Version = rule.Set.Version,
            Plan = EventTypePlan.Of(rule.Options),
            Configured = isSet ? EventTypePlan.Of(rule.Configured) : null,
            Set = isSet ? rule.Set : null,
        };
    }
}

/// <summary>The part of an event type's settings that makes its plan.</summary>
/// <param name="Channels">The channels, in order.</param>
/// <param name="Mode">How they follow each other.</param>
/// <param name="Lifetime">How long a notification is of use.</param>
/// <param name="EscalateAfter">The time after which the next channel is tried in addition; null for never by time.</param>
/// <param name="EscalateUnless">The proof that must be there by then so that it is not.</param>
public sealed record EventTypePlan(
    IReadOnlyList<string> Channels,
    DeliveryMode Mode,
    TimeSpan Lifetime,
    TimeSpan? EscalateAfter,
    DeliveryProof EscalateUnless
)
{
    /// <summary>Takes it from the settings.</summary>
    public static EventTypePlan Of(EventTypeOptions options) =>
        new(options.Channels, options.Mode, options.Lifetime, options.EscalateAfter, options.EscalateUnless);
}
