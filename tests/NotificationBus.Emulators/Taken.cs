namespace NotificationBus.Emulators;

/// <summary>A delivery that a vendor has taken.</summary>
/// <param name="Id">The vendor's own id.</param>
/// <param name="Reference">What the caller has asked to be carried along; null when nothing was.</param>
/// <param name="Request">The request it came in.</param>
/// <param name="Answer">What the vendor says to it.</param>
sealed record Taken(string Id, string? Reference, ReceivedRequest Request, Answer Answer);
