using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Planning;

namespace NotificationBus.Intake;

/// <summary>Takes events from producers without a bus of their own: checks them, and publishes them as a producer with one would.</summary>
public sealed class NotificationIntake(IBus bus, IntakeRules rules, PlanningRules planning, IntakeGate gate)
{
    /// <summary>Takes one event.</summary>
    /// <returns>The notification's id, or what is wrong with the event by JSON path.</returns>
    /// <exception cref="IntakeBusyException">Too much is being taken already.</exception>
    /// <exception cref="BrokerUnavailableException">The broker did not confirm in time. The event may have been taken all the same: with an event id, repeating the call is harmless.</exception>
    public async Task<IntakeAnswer> Accept<TEvent>(EventMap<TEvent> map, TEvent happened)
        where TEvent : class
    {
        // The same occurrence gets the same message id, so that even the broker's tools show a repetition as one.
        var messageId = map.EventId(happened) is { } eventId ? DeterministicId.From("event", map.Name, eventId) : Guid.CreateVersion7();
        var request = map.Read(happened, messageId);
        var errors = rules.Check(request, map.RecipientProperty);
        if (errors.Count > 0)
            return new IntakeAnswer(request.NotificationId, errors, TemplateError: null);

        // The saga plans again; here a missing variable can still be answered to whoever forgot it.
        if (planning.Plan(request).Refusal is { Cause: RefusalCause.Template } refusal)
            return new IntakeAnswer(request.NotificationId, errors, refusal.Reason);

        // On the bus an event goes where its type is bound; here its category is known.
        var lane = planning.RuleOf(request.Category).Lane;
        await gate.Publish(() => lane == planning.LaneOf(map)
            ? bus.Publish(happened, publish => publish.MessageId = messageId, CancellationToken.None)
            : Send(happened, messageId, lane));
        return new IntakeAnswer(request.NotificationId, errors, TemplateError: null);
    }

    async Task Send<TEvent>(TEvent happened, Guid messageId, Lane lane)
        where TEvent : class
    {
        var endpoint = await bus.GetSendEndpoint(SagaEndpoint.Of(lane));
        await endpoint.Send(happened, send => send.MessageId = messageId, CancellationToken.None);
    }
}

/// <summary>The answer of the intake.</summary>
/// <param name="NotificationId">The notification, whether it began now or earlier.</param>
/// <param name="Errors">What is wrong, by JSON path; empty when nothing is.</param>
/// <param name="TemplateError">Which variable a template misses; null when none does.</param>
public sealed record IntakeAnswer(Guid NotificationId, IReadOnlyDictionary<string, string[]> Errors, string? TemplateError);
