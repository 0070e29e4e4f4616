namespace NotificationBus.Subscriptions;

/// <summary>An event that one listener is told. It is stored in the statement of the step that it is about.</summary>
/// <param name="Id">Its id, the same on every try (<c>webhook-id</c>).</param>
/// <param name="ListenerId">The subscription or the stream.</param>
/// <param name="NotificationId">The notification it is about.</param>
/// <param name="Number">Its place among what the same listener is told of the same step, from 1.</param>
/// <param name="Type">One of <see cref="HeardEvents"/>.</param>
/// <param name="At">The time at which it happened.</param>
/// <param name="Data">What is told, a JSON object. Ids and words only: no address, and no text of a notification.</param>
public sealed record HeardEvent(Guid Id, Guid ListenerId, Guid NotificationId, int Number, string Type, DateTimeOffset At, string Data);
