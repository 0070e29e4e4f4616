using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Templates;

namespace NotificationBus.Planning;

/// <summary>
/// Decides which deliveries a notification consists of. Nothing here looks anything up: rules, channels and texts are arguments.
/// </summary>
public static class DeliveryPlanner
{
    /// <summary>Plans a notification.</summary>
    /// <param name="request">What the event asks for.</param>
    /// <param name="rule">What is configured for its category; null when nothing is.</param>
    /// <param name="channels">The channels there are.</param>
    /// <param name="templates">
    /// The texts. Every one the plan needs is filled once here, so that a missing variable shows before anything is sent.
    /// </param>
    /// <param name="foresee">Says why no provider will ever take a delivery; null when one may.</param>
    public static DeliveryPlan Plan(
        NotificationRequest request,
        EventTypeOptions? rule,
        ChannelSet channels,
        ITemplates templates,
        Func<Delivery, Unfit?>? foresee = null
    )
    {
        rule ??= new EventTypeOptions();
        var wanted = request.Channels ?? rule.Channels;
        if (wanted.Count == 0)
            return Refused(
                rule,
                RefusalCause.Channel,
                $"no channel is configured for '{request.Category}' (EventTypes:{request.Category}:Channels)"
            );

        var deliveries = new List<PlannedDelivery>();
        var leftOut = new List<LeftOut>();
        var decisions = new List<string>();
        foreach (var name in wanted.Distinct(StringComparer.Ordinal))
        {
            if (channels.Find(name) is not { } channel)
                return Refused(rule, RefusalCause.Channel, $"there is no channel '{name}', only {channels.Names}");

            var before = leftOut.Count;
            var usable = UsableAddresses(channel, request, leftOut);
            var content = usable.Count == 0 ? null : Content(channel, request, templates, leftOut);
            var fitting = content is null
                ? []
                : usable
                    .Select((address, index) => Draft(request, name, address, index, content))
                    .Where(delivery => Fits(delivery, foresee, leftOut))
                    .ToList();
            decisions.AddRange(leftOut.Skip(before).Select(left => $"{left.Channel}: {left.Reason}"));
            if (fitting.Count == 0)
                continue;

            decisions.Add($"{name}: {ReasonCode.Planned}");
            var step = rule.Mode == DeliveryMode.AllAtOnce || deliveries.Count == 0 ? 1 : deliveries[^1].Step + 1;
            deliveries.AddRange(
                fitting.Select(delivery => new PlannedDelivery(delivery.Id, name, delivery.Address, step, delivery.Content))
            );
        }

        var refusal =
            deliveries.Count > 0
                ? null
                : new PlanRefusal(
                    leftOut.Exists(left => left.Cause == RefusalCause.Template) ? RefusalCause.Template : RefusalCause.Address,
                    string.Join("; ", decisions)
                );
        return new DeliveryPlan(rule.Mode, rule.Lifetime, deliveries, decisions, refusal)
        {
            LeftOut = leftOut,
            EscalateAfter = rule.EscalateAfter,
            EscalateUnless = rule.EscalateUnless,
        };
    }

    static List<string> UsableAddresses(IChannel channel, NotificationRequest request, List<LeftOut> leftOut)
    {
        var addresses = channel.AddressesOf(request.Recipient).ToList();
        var usable = new List<string>();
        foreach (var address in addresses)
        {
            if (channel.Refuse(address) is { } refusal)
                leftOut.Add(
                    new LeftOut(channel.Name, RefusalCause.Address, refusal) { Code = ReasonCode.AddressRefused, Address = address }
                );
            else
                usable.Add(address);
        }

        if (addresses.Count == 0)
            leftOut.Add(
                new LeftOut(channel.Name, RefusalCause.Address, "the recipient has no address there") { Code = ReasonCode.NoAddress }
            );

        return usable;
    }

    static Delivery Draft(NotificationRequest request, string channel, string address, int index, Content content) =>
        new()
        {
            NotificationId = request.NotificationId,
            Id = DeterministicId.From("delivery", request.NotificationId.ToString("N"), channel, $"{index}"),
            Channel = channel,
            Address = address,
            RecipientName = request.Recipient.Name,
            Category = request.Category,
            Content = content,
        };

    static bool Fits(Delivery delivery, Func<Delivery, Unfit?>? foresee, List<LeftOut> leftOut)
    {
        if (foresee?.Invoke(delivery) is not { } unfit)
            return true;

        leftOut.Add(
            new LeftOut(delivery.Channel, unfit.IsAddress ? RefusalCause.Address : RefusalCause.Template, unfit.Reason)
            {
                Code = unfit.IsAddress ? ReasonCode.AddressRefused : ReasonCode.Unfit,
                Address = unfit.IsAddress ? delivery.Address : null,
            }
        );
        return false;
    }

    static Content? Content(IChannel channel, NotificationRequest request, ITemplates templates, List<LeftOut> leftOut) =>
        Text(channel, request, templates, leftOut) is not { } text ? null
        : request.Extras is { } extras ? channel.Carrying(text, channel.ExtrasOf(extras))
        : text;

    /// <summary>
    /// Fills the text of the channel; null when that fails: a text that cannot be filled is no reason to be silent on the other channels.
    /// </summary>
    static Content? Text(IChannel channel, NotificationRequest request, ITemplates templates, List<LeftOut> leftOut)
    {
        try
        {
            if (request.Content is { } given && channel.Parts.Count > 0)
            {
                return given.TryGetValue(channel.Name, out var parts)
                    ? GivenContent.On(channel, parts)
                    : throw new TemplateException("the request has content, and none for this channel");
            }

            return templates.Render(request.Category, channel, request.Recipient.Locale, request.Recipient.Name, request.Data);
        }
        catch (TemplateException exception)
        {
            leftOut.Add(new LeftOut(channel.Name, RefusalCause.Template, exception.Message) { Code = ReasonCode.NoText });
            return null;
        }
    }

    /// <summary>The plan of what is switched off: it is on record, and nothing of it is sent.</summary>
    /// <param name="request">What the event asks for.</param>
    /// <param name="rule">What is set for its category.</param>
    internal static DeliveryPlan Off(NotificationRequest request, EventTypeRule rule)
    {
        var reason = $"an operator has switched {request.Category} off";
        var channels = (request.Channels ?? rule.Options.Channels).Distinct(StringComparer.Ordinal).ToList();
        return Refused(rule.Options, RefusalCause.Channel, reason) with
        {
            Decisions = [.. channels.Select(channel => $"{channel}: {reason}")],
            LeftOut =
            [
                .. channels.Select(channel => new LeftOut(channel, RefusalCause.Channel, reason) { Code = ReasonCode.EventTypeOff }),
            ],
        };
    }

    static DeliveryPlan Refused(EventTypeOptions rule, RefusalCause cause, string reason) =>
        new(rule.Mode, rule.Lifetime, [], [reason], new PlanRefusal(cause, reason));
}

/// <summary>The planner together with what is configured and written: what the saga and the intake call.</summary>
public sealed class PlanningRules(
    EventTypeRules rules,
    ChannelSet channels,
    ITemplates templates,
    ProviderChains chains,
    ContentPacking packing,
    ApplicationChoices applications
)
{
    /// <summary>The categories there are, in order.</summary>
    public IReadOnlyList<string> Categories => rules.Categories;

    /// <summary>
    /// Plans a notification by the rule of its category at this moment. Where operators have set any of it, the plan says by which version.
    /// </summary>
    public DeliveryPlan Plan(NotificationRequest request)
    {
        var rule = rules.Of(request.Category);
        var plan = rule.IsOff
            ? DeliveryPlanner.Off(request, rule)
            : DeliveryPlanner.Plan(
                request,
                rule.Options,
                channels,
                templates.For(request.Application),
                delivery => Foresee(delivery, request.Application)
            );
        return rule.IsOff || rule.Set.ChangesPlan
            ? plan with
            {
                Decisions = [PlanNote.Of(rule.Set.Version, request.Category), .. plan.Decisions],
            }
            : plan;
    }

    /// <summary>
    /// Freezes what a plan says: from then on that is sent, whatever becomes of the templates. Null when it says nothing.
    /// </summary>
    public FrozenContents? Freeze(NotificationRequest request, DeliveryPlan plan) =>
        packing.Freeze([
            .. plan
                .Deliveries.DistinctBy(planned => planned.Channel, StringComparer.Ordinal)
                .Select(planned =>
                    packing.Freeze(
                        planned.Channel,
                        request.Content is null
                            ? templates.For(request.Application).SourceOf(request.Category, planned.Channel, request.Recipient.Locale)
                            : null,
                        planned.Content
                    )
                ),
        ]);

    /// <summary>The version of the templates of a request as they are now, or that its content was given.</summary>
    public string? TemplateVersionOf(NotificationRequest request) =>
        request.Content is null ? templates.For(request.Application).VersionOf(request.Category) : GivenContent.Version;

    /// <summary>Returns the settings of a category.</summary>
    public EventTypeOptions RuleOf(string category) => rules.Of(category).Options;

    /// <summary>The command for one delivery of a notification, by the rule of its category.</summary>
    public SendDelivery CommandFor(NotificationState notification, DeliveryState delivery)
    {
        var rule = RuleOf(notification.Category);
        return new SendDelivery
        {
            NotificationId = notification.CorrelationId,
            DeliveryId = delivery.Id,
            // Most belong to the default one, and say nothing.
            Application = notification.Application == Applications.Default ? null : notification.Application,
            Channel = delivery.Channel,
            Address = delivery.Address,
            Category = notification.Category,
            RecipientId = notification.Recipient.Id,
            RecipientName = notification.Recipient.Name,
            Locale = notification.Recipient.Locale,
            Country = notification.Recipient.Country,
            Data = notification.Data,
            Content = notification.Contents is { } contents
                ? new DeliveryContent
                {
                    Set = contents,
                    IsGiven = notification.TemplateVersion == GivenContent.Version,
                    HasExtras = notification.Extras is not null,
                }
                : null,
            OccurredAt = notification.CreatedAt,
            ExpiresAt = notification.ExpiresAt,
            AnotherChannelFollows = notification.EscalateAfter is null && notification.Deliveries.Any(later => later.Step > delivery.Step),
            Lane = rule.Lane,
            HoldWhenInDoubt = rule.OnInDoubt == InDoubtPolicy.Hold,
            Told = rule.PublishAttempts
                ? new ToldWith
                {
                    EventName = notification.EventName,
                    EventId = notification.EventId,
                    Keys = notification.Keys.Count > 0 ? notification.Keys : null,
                }
                : null,
            EarlierAttempts = delivery.Attempts,
            Reopened = delivery.Reopened,
            MayHaveBeenSent = delivery.Attempts > 0,
        };
    }

    /// <summary>The refusal of the first account, when none that serves the delivery will ever take it.</summary>
    Unfit? Foresee(Delivery delivery, string application)
    {
        Unfit? first = null;
        if (applications.SenderOf(application, delivery.Channel) is { } own)
            delivery = delivery with { Sender = own };
        foreach (var account in chains.Of(delivery.Channel).AccountsOf(application).Where(account => account.Provider.Serves(delivery)))
        {
            if (account.Provider.Foresee(delivery) is not { } unfit)
                return null;

            first ??= unfit;
        }

        return first;
    }

    /// <summary>
    /// The lane in which an event on the bus begins, by the name of its map. One that is not a category of its own carries those of all
    /// categories, campaigns among them.
    /// </summary>
    public Lane LaneOf(string eventName) => rules.Know(eventName) ? rules.Of(eventName).Options.Lane : Lane.Bulk;
}
