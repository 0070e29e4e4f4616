namespace NotificationBus.Dashboard.Api;

/// <summary>The answer of <c>GET /v1/repairs</c>.</summary>
public sealed record RepairList(IReadOnlyList<RepairHeading> Repairs, string? Next);

/// <summary>A repair in a list.</summary>
public sealed record RepairHeading
{
    public required Guid Id { get; init; }
    public required string Status { get; init; }
    public string? Note { get; init; }
    public IReadOnlyDictionary<string, string> Filter { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
    public bool IsComplete { get; init; }
    public required string Who { get; init; }
    public required string Why { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public int PerSecond { get; init; }
}

/// <summary>The answer of <c>GET /v1/repairs/{id}</c>.</summary>
public sealed record RepairAnswer
{
    public required RepairHeading Repair { get; init; }
    public long Planned { get; init; }
    public long Repaired { get; init; }
    public long LeftOut { get; init; }
    public long LeftOutSince { get; init; }
    public IReadOnlyList<RepairCause> Causes { get; init; } = [];
    public IReadOnlyList<RepairExclusion> Exclusions { get; init; } = [];
    public IReadOnlyList<RepairWay> Channels { get; init; } = [];
}

/// <summary>Notifications of a repair with the same cause.</summary>
public sealed record RepairCause(string Code, string? Channel, string? Provider, long Count, long Repaired);

/// <summary>Notifications that are left out for the same reason.</summary>
public sealed record RepairExclusion(string Reason, string Text, long Count);

/// <summary>Notifications that go by the same channel first.</summary>
public sealed record RepairWay(string Channel, long Count, decimal? Cost);

/// <summary>The answer of <c>GET /v1/repairs/{id}/items</c>.</summary>
public sealed record RepairItemPage(IReadOnlyList<RepairItem> Items, string? Next);

/// <summary>One notification of a repair.</summary>
public sealed record RepairItem
{
    public required Guid NotificationId { get; init; }
    public required DateTimeOffset BeganAt { get; init; }
    public required string Category { get; init; }
    public required RepairCause Cause { get; init; }
    public required string Status { get; init; }
    public string? LeftOut { get; init; }
    public string? Detail { get; init; }
    public Guid? RepairedBy { get; init; }
}
