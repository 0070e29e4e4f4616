using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>The steps of one notification's saga.</summary>
/// <param name="Steps">In order, numbered without a gap.</param>
public sealed record SagaStepList(IReadOnlyList<SagaStep> Steps);
