using System.Text.Json.Serialization;

namespace NotificationBus.Dashboard.Api;

/// <summary>The answer of <c>GET /v1/subscriptions</c>.</summary>
public sealed record SubscriptionPage(IReadOnlyList<Subscription> Subscriptions, string? Next);

/// <summary>A subscription.</summary>
public sealed record Subscription
{
    public required Guid Id { get; init; }
    public required string Url { get; init; }
    public IReadOnlyList<string> Events { get; init; } = [];
    public IReadOnlyList<string> Categories { get; init; } = [];
    public required bool Enabled { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? EarlierSecretUntil { get; init; }
    public DateTimeOffset? FailingSince { get; init; }
    public DateTimeOffset? DisabledAt { get; init; }
    public string? DisabledReason { get; init; }
}

/// <summary>The answer of <c>GET /v1/subscriptions/{id}/deliveries</c>.</summary>
public sealed record ToldEventPage(IReadOnlyList<ToldEvent> Deliveries, string? Next);

/// <summary>An event that a subscription is told.</summary>
public sealed record ToldEvent
{
    public required Guid Id { get; init; }
    public required string Type { get; init; }
    public Guid? NotificationId { get; init; }
    public required int Sequence { get; init; }
    public required string Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required int Attempts { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public IReadOnlyList<ToldTry> Tries { get; init; } = [];
}

/// <summary>A try to tell it.</summary>
public sealed record ToldTry(DateTimeOffset At, string Result, long Milliseconds);

/// <summary>What is sent again.</summary>
public sealed record Recovered([property: JsonPropertyName("recovered")] int Count, bool IsComplete);

/// <summary>A secret that was just made.</summary>
public sealed record NewSecret(string Secret);

/// <summary>The answer of <c>GET /v1/traffic</c>.</summary>
public sealed record Traffic(IReadOnlyList<TrafficCount>? Hour, IReadOnlyList<TrafficCount>? Day, DateTimeOffset? DaySince);

/// <summary>The deliveries of a channel and an account.</summary>
public sealed record TrafficCount(string Channel, string? Account, long Accepted, long Sent, long Confirmed, long Failed, long Waiting);

/// <summary>The answer of <c>GET /v1/queues</c>.</summary>
public sealed record QueueList(string Transport, bool IsConnected, IReadOnlyList<QueueDepth> Queues);

/// <summary>A queue of the broker.</summary>
public sealed record QueueDepth(string Name, long Messages, long Consumers, double OldestSeconds)
{
    [JsonPropertyName("queue")]
    public string Name { get; init; } = Name;
}
