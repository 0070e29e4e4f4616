using NotificationBus.Contracts;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>Asks for the e-mail of a notification.</summary>
public sealed record SendEmail(Guid NotificationId, OrderPlaced Order);

/// <summary>Asks for the push of a notification.</summary>
public sealed record SendPush(Guid NotificationId, OrderPlaced Order);

/// <summary>The e-mail was sent.</summary>
public sealed record EmailSent(Guid NotificationId);

/// <summary>The push was sent.</summary>
public sealed record PushSent(Guid NotificationId);
