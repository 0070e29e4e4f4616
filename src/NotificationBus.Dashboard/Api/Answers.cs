using System.Text.Json;
using System.Text.Json.Serialization;

namespace NotificationBus.Dashboard.Api;

// The answers of the public API, as far as the console shows them. Words stand as the API spells them: a newer host may have more of them.

/// <summary>The answer of <c>GET /v1/status</c>.</summary>
public sealed record StatusAnswer(DateTimeOffset At, string Host, IReadOnlyList<Problem> Problems);

/// <summary>Something that is wrong now.</summary>
public sealed record Problem(string Code, string? Where, string Detail, DateTimeOffset Since);

/// <summary>The answer of <c>GET /v1/ledger</c>.</summary>
public sealed record LedgerPage(long Unreconciled, IReadOnlyList<LedgerHour> Hours);

/// <summary>An hour of the ledger.</summary>
public sealed record LedgerHour(
    DateTimeOffset Hour,
    long Accepted,
    EndedCount Ended,
    long InFlight,
    long Difference,
    DateTimeOffset? OldestOpen
);

/// <summary>How the notifications of an hour ended.</summary>
public sealed record EndedCount(long Delivered, long PartlyDelivered, long Cancelled, long Expired, long Failed);

/// <summary>The answer of <c>GET /v1/providers</c>.</summary>
public sealed record ProviderList(IReadOnlyList<ProviderAccount> Providers);

/// <summary>A provider's account on a channel.</summary>
public sealed record ProviderAccount
{
    public required string Account { get; init; }
    public required string Channel { get; init; }
    public required string Switch { get; init; }
    public int? Weight { get; init; }
    public string? Pin { get; init; }
    public required string Circuit { get; init; }
    public bool NeedsAttention { get; init; }
    public DateTimeOffset? Since { get; init; }
    public string? Reason { get; init; }
    public DateTimeOffset? PausedUntil { get; init; }
    public double? PerSecond { get; init; }
    public double? LearnedPerSecond { get; init; }
    public double? PerSecondSet { get; init; }
    public Breaker Breaker { get; init; } = new();
    public Breaker? BreakerSet { get; init; }
    public Breaker? BreakerConfigured { get; init; }
}

/// <summary>When a circuit opens and closes.</summary>
public sealed record Breaker
{
    public int? MinimumCalls { get; init; }
    public double? FailureShare { get; init; }
    public TimeSpan? OpenFor { get; init; }
    public int? HalfOpenCalls { get; init; }
}

/// <summary>The answer of <c>GET /v1/channels</c>.</summary>
public sealed record ChannelList(IReadOnlyList<Channel> Channels);

/// <summary>A channel.</summary>
public sealed record Channel(
    [property: JsonPropertyName("channel")] string Name,
    bool Paused,
    IReadOnlyList<string> Providers,
    IReadOnlyList<string> Configured
);

/// <summary>The answer of <c>GET /v1/event-types</c>.</summary>
public sealed record EventTypeList(IReadOnlyList<EventType> EventTypes);

/// <summary>An event type.</summary>
public sealed record EventType
{
    public required string Category { get; init; }
    public required string Switch { get; init; }
    public int Version { get; init; }
    public required EventTypePlan Plan { get; init; }
    public EventTypePlan? Configured { get; init; }
    public EventTypePlan? Set { get; init; }
}

/// <summary>By which channels, and how, an event type is sent; of what operators have set, only that.</summary>
public sealed record EventTypePlan
{
    public IReadOnlyList<string>? Channels { get; init; }
    public string? Mode { get; init; }
    public TimeSpan? Lifetime { get; init; }
    public TimeSpan? EscalateAfter { get; init; }
    public string? EscalateUnless { get; init; }
}

/// <summary>The answer of <c>GET /v1/notifications</c>.</summary>
public sealed record NotificationPage(IReadOnlyList<NotificationSummary> Notifications, string? Next, DateTimeOffset? SearchedBackTo);

/// <summary>A notification in a list.</summary>
public sealed record NotificationSummary
{
    public required Guid Id { get; init; }
    public required string Status { get; init; }
    public string? Reason { get; init; }
    public required string Event { get; init; }
    public string? EventId { get; init; }
    public required string Category { get; init; }
    public required string Recipient { get; init; }
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
    public IReadOnlyList<string> Channels { get; init; } = [];
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>A notification.</summary>
public sealed record Notification
{
    public required Guid Id { get; init; }
    public required string Status { get; init; }
    public string? Reason { get; init; }
    public string? Code { get; init; }
    public string Event { get; init; } = "";
    public string? EventId { get; init; }
    public string Category { get; init; } = "";
    public string Recipient { get; init; } = "";
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
    public string Mode { get; init; } = "";
    public string? TemplateVersion { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public IReadOnlyList<Delivery> Deliveries { get; init; } = [];
    public IReadOnlyList<string> Decisions { get; init; } = [];
    public int? PlanVersion { get; init; }
}

/// <summary>A delivery of a notification.</summary>
public sealed record Delivery
{
    public required Guid Id { get; init; }
    public required string Channel { get; init; }
    public required string Address { get; init; }
    public int Step { get; init; }
    public required string Status { get; init; }
    public DateTimeOffset? BegunAt { get; init; }
    public string? Provider { get; init; }
    public string? ProviderMessageId { get; init; }
    public string? Reason { get; init; }
    public string? Code { get; init; }
    public IReadOnlyList<DeliveryDecision> Decisions { get; init; } = [];
    public string? Cancellation { get; init; }
    public DateTimeOffset? WaitingUntil { get; init; }
    public string? WaitingFor { get; init; }
    public string? WaitingCode { get; init; }
    public DateTimeOffset? SettledAt { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
    public DateTimeOffset? BouncedAt { get; init; }
    public DateTimeOffset? SoftBouncedAt { get; init; }
    public DateTimeOffset? OpenedAt { get; init; }
    public DateTimeOffset? ReadAt { get; init; }
    public DateTimeOffset? AutomaticReadAt { get; init; }
    public DateTimeOffset? ComplainedAt { get; init; }
    public DateTimeOffset? UnsubscribedAt { get; init; }
    public IReadOnlyList<Attempt> Attempts { get; init; } = [];
}

/// <summary>Why something was done with a delivery.</summary>
public sealed record DeliveryDecision(DateTimeOffset At, string Code, string? Provider, DateTimeOffset? Until, int Times, string Text);

/// <summary>A call to a provider.</summary>
public sealed record Attempt
{
    public required int Number { get; init; }
    public required string Provider { get; init; }
    public required string Status { get; init; }
    public string? Reason { get; init; }
    public Guid? Content { get; init; }
    public string? TemplateVersion { get; init; }
    public string? TraceId { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>The answer of <c>GET /v1/notifications/{id}/steps</c>.</summary>
public sealed record SagaStepList(IReadOnlyList<SagaStep> Steps);

/// <summary>A step of a notification's saga.</summary>
public sealed record SagaStep
{
    public int? From { get; init; }
    public required int Number { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Message { get; init; }
    public required string Before { get; init; }
    public required string After { get; init; }
    public IReadOnlyList<DeliveryChange> Deliveries { get; init; } = [];
    public IReadOnlyList<string> Caused { get; init; } = [];
    public string? Derived { get; init; }
}

/// <summary>What became of a delivery in a step.</summary>
public sealed record DeliveryChange(Guid Id, string Channel, string? Before, string After, string? Provider, string? Reason);

/// <summary>The answer of <c>GET /v1/notifications/{id}/explain</c>.</summary>
public sealed record Explanation(Guid Id, string Status, string? Code, IReadOnlyList<ExplainedStep> Story, string? WaitsFor, string Answer);

/// <summary>A line of a story.</summary>
public sealed record ExplainedStep(DateTimeOffset At, string By, string? Code, Guid? DeliveryId, string Text);

/// <summary>What was in a delivery.</summary>
public sealed record Content
{
    public string Channel { get; init; } = "";
    public string? Template { get; init; }
    public string? Language { get; init; }
    public string? TemplateVersion { get; init; }
    public bool IsPlanned { get; init; }
    public IReadOnlyList<ContentPart> Parts { get; init; } = [];
    public IReadOnlyList<ContentFile> Files { get; init; } = [];
}

/// <summary>A file that goes with a text.</summary>
public sealed record ContentFile(string Name, string? ContentType, int? Octets, string? Missing);

/// <summary>A part of a text.</summary>
public sealed record ContentPart(string Name, string Text);

/// <summary>The answer of <c>GET /v1/changes</c>.</summary>
public sealed record ChangePage(IReadOnlyList<Change> Changes, string? Next);

/// <summary>What somebody, or nobody, has changed.</summary>
public sealed record Change
{
    public required long Number { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Subject { get; init; }
    public required string Who { get; init; }
    public string? OnBehalfOf { get; init; }
    public required string Why { get; init; }
    public string? Code { get; init; }
    public DateTimeOffset? Until { get; init; }
    public int? Times { get; init; }
    public JsonElement? Before { get; init; }
    public JsonElement? After { get; init; }
}

/// <summary>The answer of <c>GET /v1/failed-messages/causes</c>.</summary>
public sealed record FailureCauses(IReadOnlyList<FailureCause> Causes);

/// <summary>Messages that were set aside for the same cause.</summary>
public sealed record FailureCause(
    string Cause,
    string Kind,
    string Queue,
    string Reason,
    long Count,
    DateTimeOffset FirstFailedAt,
    DateTimeOffset LastFailedAt
);

/// <summary>The answer of <c>GET /v1/failed-messages</c>.</summary>
public sealed record FailedMessagePage(IReadOnlyList<FailedMessage> FailedMessages, string? Next);

/// <summary>A message that was set aside.</summary>
public sealed record FailedMessage
{
    public required Guid Id { get; init; }
    public required string State { get; init; }
    public required string Kind { get; init; }
    public required string Cause { get; init; }
    public required string Reason { get; init; }
    public required string Queue { get; init; }
    public bool CanBeReplayed { get; init; }
    public string? MessageId { get; init; }
    public IReadOnlyList<string> MessageTypes { get; init; } = [];
    public long BodyLength { get; init; }
    public required DateTimeOffset FailedAt { get; init; }
    public int Times { get; init; }
    public DateTimeOffset? ReplayedAt { get; init; }
    public string? ReplayedBy { get; init; }
}

/// <summary>The answer of <c>GET /v1/failed-messages/{id}</c>.</summary>
public sealed record FailedMessageWhole(FailedMessage Message, JsonElement Headers, string? Text);

/// <summary>What is held, and why.</summary>
public sealed record HeldCauses(long Found, IReadOnlyList<HeldCause> Causes);

/// <summary>Deliveries that are held for the same cause.</summary>
public sealed record HeldCause(string Channel, string? Provider, string? Reason, long Count);

/// <summary>What became of a decision about many.</summary>
public sealed record DecisionsTaken(int Decided, int NotNeeded, long Left);

/// <summary>How many messages were put back.</summary>
public sealed record ReplayAnswer(int Replayed);

/// <summary>How many messages were put away.</summary>
public sealed record ArchiveAnswer(int Archived);

/// <summary>The answer of <c>GET /v1/suppressions</c>.</summary>
public sealed record SuppressionList(IReadOnlyList<Suppression> Suppressions, string? Next);

/// <summary>An address that is not used.</summary>
public sealed record Suppression(string Channel, string Address, string? Category, string Reason, string Source, DateTimeOffset CreatedAt);

/// <summary>The answer of <c>GET /v1/keys</c>.</summary>
public sealed record KeyList(IReadOnlyList<Key> Keys);

/// <summary>A key.</summary>
public sealed record Key
{
    public required string Id { get; init; }
    public required string Application { get; init; }
    public required string Name { get; init; }
    public IReadOnlyList<string> Scopes { get; init; } = [];
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RotatedAt { get; init; }
    public DateTimeOffset? EarlierUntil { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>A key that was just made.</summary>
public sealed record NewKey([property: JsonPropertyName("key")] string Text, Key OnRecord);

/// <summary>The answer of <c>GET /v1/templates</c>.</summary>
public sealed record TemplateList(IReadOnlyList<TemplateCategory> Categories);

/// <summary>A category that has texts.</summary>
public sealed record TemplateCategory(string Category, string? TemplateVersion);

/// <summary>The answer of <c>GET /v1/templates/{category}/versions</c>.</summary>
public sealed record TemplateVersionList(IReadOnlyList<DeployedVersion> Versions);

/// <summary>A version of the texts of a category, while it was the newest.</summary>
public sealed record DeployedVersion(string Version, DateTimeOffset Since, DateTimeOffset? Until, int? Used, bool UsedMore);

/// <summary>The answer of <c>GET /v1/templates/{category}/versions/{version}</c>.</summary>
public sealed record TemplateVersionTexts(IReadOnlyList<ContentPart> Texts);

/// <summary>The answer of <c>POST /v1/templates/preview</c>.</summary>
public sealed record TemplatePreview(string Category, string? TemplateVersion, IReadOnlyList<PreviewedText> Texts);

/// <summary>A text of a channel in a language.</summary>
public sealed record PreviewedText
{
    public required string Channel { get; init; }
    public string? Language { get; init; }
    public string? Template { get; init; }
    public string? Error { get; init; }
    public IReadOnlyList<ContentPart> Parts { get; init; } = [];
    public string? Encoding { get; init; }
    public int? Segments { get; init; }
}
