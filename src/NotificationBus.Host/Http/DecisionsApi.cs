using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>
/// Decisions about deliveries that are held: <c>POST /v1/notifications/{id}/deliveries/{deliveryId}/decision</c> for one of them, and
/// <c>POST /v1/decisions</c> for all that have something in common.
/// </summary>
static class DecisionsApi
{
    const int MostTogether = 1000;
    const int MostCauses = 200;

    public static void MapDecisions(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/decision", Decide)
            .Describe("decideDelivery", NotificationsApi.Tag, "Decides about a delivery that is held.")
            .Takes<Decision>()
            .Produces(StatusCodes.Status202Accepted)
            .Refuses(404, 409, 413, 415, 429);
        routes
            .MapPost("/v1/decisions", DecideMany)
            .Describe("decideDeliveries", NotificationsApi.Tag, "Decides about all held deliveries that have something in common.")
            .Takes<DecisionOnHeld>()
            .Answers<HeldCauses>()
            .Answers<DecisionsTaken>(StatusCodes.Status202Accepted)
            .Refuses(413, 415, 429);
    }

    /// <summary>202 when the decision is on record; the saga follows it. 409 when there is nothing to decide any more.</summary>
    static async Task<IResult> Decide(
        Guid id,
        Guid deliveryId,
        HttpRequest request,
        INotificationQueries queries,
        HeldDecisions decisions,
        IntakeGate gate,
        CancellationToken cancellationToken
    )
    {
        var (body, refusal) = await JsonBody.Read<Decision>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        var decision = errors.ReadWord("decision", body.Word, default(HeldDecision));
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        if (await queries.Find(id, cancellationToken) is not { } notification)
            return Problems.UnknownNotification();
        if (notification.Deliveries.FirstOrDefault(one => one.Id == deliveryId) is not { } delivery)
            return Problems.UnknownDelivery();
        if (delivery.Status != DeliveryStatus.Held)
            return Problems.NothingToDecide(Spell(delivery.Status));
        if (decision == HeldDecision.Resend && delivery.Cancellation is not null)
            return Problems.NoResendOfCancelled();

        gate.RefuseWhileClosed();
        var decided = await decisions.Decide(new HeldDelivery(id, deliveryId, notification.Category, delivery.HeldAfter), decision, by);
        return decided == decision
            ? Results.Accepted($"/v1/notifications/{id}")
            : Problems.NothingToDecide($"decided already: {Spell(decided)}");
    }

    /// <summary>
    /// 200 with what it would be about, when that is asked for; else 202 when the decisions are on record; the saga follows them.
    /// </summary>
    static async Task<IResult> DecideMany(
        HttpRequest request,
        IHeldDeliveries held,
        HeldDecisions decisions,
        IntakeGate gate,
        CancellationToken cancellationToken
    )
    {
        var (body, refusal) = await JsonBody.Read<DecisionOnHeld>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var filter = ReadFilter(body!.Filter, errors) with { Application = request.HttpContext.Sight().Application };
        var limit = errors.ReadNumber("limit", body.Limit, 1, MostTogether) ?? MostTogether;
        var decision = errors.ReadWord("decision", body.Word, default(HeldDecision));
        if (body.Preview == true)
        {
            return errors.Any
                ? Problems.Validation(errors.ByField)
                : Results.Ok(
                    await held.Causes(
                        filter with
                        {
                            WithoutCancelled = body.Word is not null && decision == HeldDecision.Resend,
                        },
                        MostCauses,
                        cancellationToken
                    )
                );
        }

        if (body.Word is null)
            errors.Add("decision", "is missing");
        var by = errors.ReadBy(request, body.By, body.Why ?? "");
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        gate.RefuseWhileClosed();
        var (decided, notNeeded) = await decisions.DecideAll(filter, limit, decision, by);
        var left = await held.Causes(filter with { WithoutCancelled = decision == HeldDecision.Resend }, limit: 1, CancellationToken.None);
        return Results.Accepted("/v1/notifications?status=held", new DecisionsTaken(decided, notNeeded, left.Found));
    }

    static HeldFilter ReadFilter(HeldChoice choice, FieldErrors errors)
    {
        if (choice.Status is not (null or "held"))
            errors.Add("filter.status", "must be held: nothing else can be decided");
        if (choice is { From: { } from, To: { } to } && from >= to)
            errors.Add("filter.to", "must be later than from");
        return new HeldFilter
        {
            Category = Text("filter.category", choice.Category),
            Channel = Text("filter.channel", choice.Channel),
            Provider = Text("filter.provider", choice.Provider),
            Recipient = Text("filter.recipient", choice.Recipient),
            Reason = Text("filter.reason", choice.Reason),
            From = choice.From,
            To = choice.To,
        };

        string? Text(string field, string? value) => value is null ? null : errors.ReadText(field, value);
    }

    static string Spell<T>(T word)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString());
}

/// <summary>An operator's decision about a delivery that is held.</summary>
public sealed record Decision
{
    /// <summary>resend, sent or failed.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("decision")]
    public required string Word { get; init; }

    /// <summary>Name of whoever decides; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>An operator's decision about all deliveries that are held and have something in common.</summary>
public sealed record DecisionOnHeld
{
    /// <summary>The deliveries it is about; <c>{}</c> for all.</summary>
    public required HeldChoice Filter { get; init; }

    /// <summary>True: decides nothing, and says how many they are and why they are held.</summary>
    public bool? Preview { get; init; }

    /// <summary>
    /// The most to decide about in this call, the oldest first, 1 to 1000, which is the default. The answer says how many are left.
    /// </summary>
    public int? Limit { get; init; }

    /// <summary>resend, sent or failed. A preview needs none.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("decision")]
    public string? Word { get; init; }

    /// <summary>Name of whoever decides.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public string? Why { get; init; }
}

/// <summary>A choice of held deliveries by what they have in common. All that is said must hold.</summary>
public sealed record HeldChoice
{
    /// <summary>held, which is all that can be decided about.</summary>
    public string? Status { get; init; }

    /// <summary>The notification's category.</summary>
    public string? Category { get; init; }

    /// <summary>The channel.</summary>
    public string? Channel { get; init; }

    /// <summary>The account that may have sent it.</summary>
    public string? Provider { get; init; }

    /// <summary>The recipient's id.</summary>
    public string? Recipient { get; init; }

    /// <summary>A part of why it is held, as a preview shows it.</summary>
    public string? Reason { get; init; }

    /// <summary>Notifications that began then or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Notifications that began before.</summary>
    public DateTimeOffset? To { get; init; }
}

/// <summary>The decisions that were taken.</summary>
/// <param name="Decided">About how many deliveries it was decided; the saga follows.</param>
/// <param name="NotNeeded">About how many it was not needed, because somebody else had just done so.</param>
/// <param name="Left">How many fit that are still held and undecided: the same call decides about them.</param>
public sealed record DecisionsTaken(int Decided, int NotNeeded, long Left);
