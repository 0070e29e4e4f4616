namespace NotificationBus.Host.RabbitMq;

/// <summary>A declaration that the broker did not let this host make.</summary>
/// <param name="What">Exchange, queue or binding, with its name.</param>
/// <param name="Reason">Why, and what to do about it: a sentence for people.</param>
/// <param name="IsBroken">
/// The flow cannot go as it should; false when it is there as it should be, and only nobody could declare it again.
/// </param>
sealed record Refusal(string What, string Reason, bool IsBroken);
