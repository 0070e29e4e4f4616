using System.Text.Json;

using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Notifications;
using NotificationBus.Planning;
using NotificationBus.Saga;
using NotificationBus.Sending.Controls;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/notifications/{id}/deliveries/{deliveryId}/decision</c>: what becomes of a delivery that is held.</summary>
static class DecisionsApi
{
    public static void MapDecisions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/decision", Decide);

    /// <summary>202 when the decision is taken; the saga follows it. 409 when there is nothing to decide any more.</summary>
    static async Task<IResult> Decide(
        Guid id,
        Guid deliveryId,
        HttpRequest request,
        INotificationQueries queries,
        IControls controls,
        PlanningRules planning,
        IntakeGate gate,
        IBus bus,
        CancellationToken cancellationToken)
    {
        var (body, refusal) = await JsonBody.Read<Decision>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(body!.By, body.Why);
        var decision = errors.ReadWord("decision", body.Word, default(HeldDecision));
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        if (await queries.Find(id, cancellationToken) is not { } notification || notification.Deliveries.FirstOrDefault(one => one.Id == deliveryId) is not { } delivery)
            return Problems.UnknownNotification();
        if (delivery.Status != DeliveryStatus.Held)
            return Problems.NothingToDecide(JsonNamingPolicy.KebabCaseLower.ConvertName(delivery.Status.ToString()));
        if (decision == HeldDecision.Resend && delivery.Cancellation is not null)
            return Problems.NoResendOfCancelled();

        var decided = new DecideDelivery { NotificationId = id, DeliveryId = deliveryId, Decision = decision, Why = $"{by.Who}: {by.Why}" };
        await gate.Publish(() => Send(bus, planning.RuleOf(notification.Category).Lane, decided));
        // Only now: what nobody got was not decided. The decision itself says who and why, should this fail.
        await controls.Note($"delivery {deliveryId}", by, JsonSerializer.SerializeToElement(new { notification = id, decision = body.Word }), CancellationToken.None);
        return Results.Accepted($"/v1/notifications/{id}");
    }

    static async Task Send(IBus bus, Lane lane, DecideDelivery command)
    {
        var saga = await bus.GetSendEndpoint(SagaEndpoint.Of(lane));
        await saga.Send(command, CancellationToken.None);
    }
}

/// <summary>What an operator decides about a delivery that is held.</summary>
public sealed record Decision
{
    /// <summary>resend, sent or failed.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("decision")]
    public required string Word { get; init; }

    /// <summary>Who decides.</summary>
    public required string By { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }
}
