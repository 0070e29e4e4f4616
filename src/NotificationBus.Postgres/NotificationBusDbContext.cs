using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace NotificationBus.Postgres;

/// <summary>
/// The record as EF Core sees it: it applies migrations and answers operators' queries. The notifications themselves never pass through it.
/// </summary>
public sealed class NotificationBusDbContext(DbContextOptions<NotificationBusDbContext> options) : DbContext(options)
{
    /// <summary>The table <c>notification</c>.</summary>
    internal IQueryable<NotificationRow> Notifications => Set<NotificationRow>();

    /// <summary>The table <c>notification_reference</c>.</summary>
    internal IQueryable<ReferenceRow> References => Set<ReferenceRow>();

    /// <summary>The table <c>notification_not_delivered</c>.</summary>
    internal IQueryable<NotDeliveredRow> NotDelivered => Set<NotDeliveredRow>();

    /// <summary>The table <c>unfinished_notification</c>.</summary>
    internal IQueryable<UnfinishedRow> Unfinished => Set<UnfinishedRow>();

    /// <summary>The table <c>sweep_mark</c>.</summary>
    internal IQueryable<SweepMarkRow> SweepMarks => Set<SweepMarkRow>();

    /// <summary>The table <c>delivery_attempt</c>.</summary>
    internal IQueryable<AttemptRow> Attempts => Set<AttemptRow>();

    /// <summary>The hash by which texts are found that may be longer than an index takes.</summary>
    internal static long Hash(string? text, long seed) => throw new NotSupportedException("Only the database has it");

    // With a limit of one the server looks for each by itself, in the order in which they are listed: how few they are it does not know.
    /// <summary>The kinds of notifications there are: each pair of a category, by its hash, and the channels of a plan, once.</summary>
    internal IQueryable<NotificationKind> Kinds =>
        Set<NotificationKind>()
            .FromSqlRaw(
                """
                WITH RECURSIVE kind AS (
                    (SELECT hashtextextended(category, 0) AS category, channels FROM notification ORDER BY 1, 2 LIMIT 1)
                    UNION ALL
                    SELECT next.category, next.channels FROM kind CROSS JOIN LATERAL (
                        SELECT hashtextextended(category, 0) AS category, channels FROM notification
                        WHERE (hashtextextended(category, 0), channels) > (kind.category, kind.channels)
                        ORDER BY 1, 2 LIMIT 1) AS next)
                SELECT category, channels FROM kind
                """
            );

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        Map<NotificationRow>("notification").Property(row => row.Deliveries).HasColumnType("jsonb");
        modelBuilder.Entity<NotificationRow>().Property(row => row.Keys).HasColumnType("jsonb");
        Map<ReferenceRow>("notification_reference");
        Map<NotDeliveredRow>("notification_not_delivered");
        Map<UnfinishedRow>("unfinished_notification");
        Map<SweepMarkRow>("sweep_mark");
        Map<AttemptRow>("delivery_attempt");
        modelBuilder.Entity<NotificationKind>().HasNoKey().ToView(null);
        modelBuilder.HasDbFunction(() => Hash("", 0)).HasName("hashtextextended").IsBuiltIn();
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(row => row.GetProperties()))
            property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));

        EntityTypeBuilder<TRow> Map<TRow>(string table)
            where TRow : class => modelBuilder.Entity<TRow>().HasNoKey().ToTable(table);
    }
}

/// <summary>What operators ask of a notification.</summary>
sealed class NotificationRow
{
    public required Guid Id { get; init; }

    public required string State { get; init; }

    public required string EventName { get; init; }

    public string? EventId { get; init; }

    public required string Category { get; init; }

    public required string RecipientId { get; init; }

    public string? Keys { get; init; }

    public required List<string> Channels { get; init; }

    public required string Deliveries { get; init; }

    public string? Refusal { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>A business key or an address of a notification.</summary>
sealed class ReferenceRow
{
    public required Guid Reference { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid Id { get; init; }
}

/// <summary>A notification that is held, or has ended otherwise than delivered.</summary>
sealed class NotDeliveredRow
{
    public required string State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid Id { get; init; }
}

/// <summary>A notification that had not ended when the sweep passed it.</summary>
sealed class UnfinishedRow
{
    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid Id { get; init; }
}

/// <summary>How far the sweep has looked.</summary>
sealed class SweepMarkRow
{
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A call to a provider.</summary>
sealed class AttemptRow
{
    public required Guid NotificationId { get; init; }

    public required DateTimeOffset NotificationCreatedAt { get; init; }

    public required string Provider { get; init; }

    public required string Status { get; init; }

    public string? ProviderMessageId { get; init; }
}

/// <summary>What many notifications have in common: their category, and the channels of their plan.</summary>
sealed class NotificationKind
{
    public required long Category { get; init; }

    public required List<string> Channels { get; init; }
}
