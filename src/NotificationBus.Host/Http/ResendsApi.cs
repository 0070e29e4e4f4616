using System.Text.Json;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Providers.Controls;
using NotificationBus.Repairs;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>POST /v1/notifications/{id}/deliveries/{deliveryId}/resend</c>: sends a delivery that has ended once more, as a notification of its
/// own.
/// </summary>
static class ResendsApi
{
    public static void MapResends(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/notifications/{id:guid}/deliveries/{deliveryId:guid}/resend", Resend)
            .Describe("resendDelivery", NotificationsApi.Tag, "Sends a delivery that has ended once more, as a notification of its own.")
            .Takes<ResendOfOne>()
            .Answers<AcceptedNotification>(StatusCodes.Status202Accepted)
            .Refuses(404, 409, 413, 415, 422, 429);

    /// <summary>
    /// 202 with the notification that sends it, the same however often it is asked for; 409 when the delivery has not ended, or nothing
    /// would be sent.
    /// </summary>
    static async Task<IResult> Resend(
        Guid id,
        Guid deliveryId,
        HttpContext context,
        DeliveryResends resends,
        IControls controls,
        IntakeGate gate,
        TimeProvider clock
    )
    {
        var (body, refusal) = await JsonBody.Read<ResendOfOne>(context.Request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(context.Request, body!.By, body.Why);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        gate.RefuseWhileClosed();
        var resent = await resends.Resend(id, deliveryId, by.Who, context.RequestAborted);
        if (resent.Answer is not { } answer)
            return resent.Refusal switch
            {
                ResendRefusal.UnknownNotification => Problems.UnknownNotification(),
                ResendRefusal.UnknownDelivery => Problems.UnknownDelivery(),
                var why => Problems.NotSentAgain(why, resent.Detail),
            };

        var (accepted, problem) = Acceptance.Say(answer, clock.GetUtcNow());
        if (problem is not null)
            return problem;

        // Only now: what nobody got was not sent again. Its own eventId says what it repeats, should this fail.
        if (resent.IsNew)
            await controls.Note(
                $"notification {id}",
                by,
                JsonSerializer.SerializeToElement(new { resend = deliveryId, notification = accepted!.Id }),
                CancellationToken.None
            );
        return Results.Accepted(accepted!.Links.Self, accepted);
    }
}

/// <summary>The body of a resend: who asks for it, and why.</summary>
public sealed record ResendOfOne
{
    /// <summary>Name of whoever asks for it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}
