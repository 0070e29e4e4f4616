using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The record as EF Core sees it: it applies migrations and answers operators' queries. The notifications themselves never pass through it.
/// </summary>
public sealed class NotificationBusDbContext(DbContextOptions<NotificationBusDbContext> options) : DbContext(options)
{
    static readonly ConditionalWeakTable<NpgsqlDataSource, DbContextOptions<NotificationBusDbContext>> s_options = [];

    /// <summary>The record as another pool of connections reads it.</summary>
    internal static NotificationBusDbContext Of(NpgsqlDataSource database) =>
        new(
            s_options.GetValue(
                database,
                one =>
                    new DbContextOptionsBuilder<NotificationBusDbContext>()
                        .UseNpgsql(one)
                        .ConfigureWarnings(warnings => warnings.Ignore(CoreEventId.RowLimitingOperationWithoutOrderByWarning))
                        .Options
            )
        );

    /// <summary>The table <c>notification</c>.</summary>
    internal IQueryable<NotificationRow> Notifications => Set<NotificationRow>();

    /// <summary>The table <c>notification_reference</c>.</summary>
    internal IQueryable<ReferenceRow> References => Set<ReferenceRow>();

    /// <summary>The table <c>notification_range</c>.</summary>
    internal IQueryable<RangeRow> Ranges => Set<RangeRow>();

    /// <summary>The table <c>notification_not_delivered</c>.</summary>
    internal IQueryable<NotDeliveredRow> NotDelivered => Set<NotDeliveredRow>();

    /// <summary>The table <c>unfinished_notification</c>.</summary>
    internal IQueryable<UnfinishedRow> Unfinished => Set<UnfinishedRow>();

    /// <summary>The table <c>sweep_mark</c>.</summary>
    internal IQueryable<SweepMarkRow> SweepMarks => Set<SweepMarkRow>();

    /// <summary>The table <c>delivery_attempt</c>.</summary>
    internal IQueryable<AttemptRow> Attempts => Set<AttemptRow>();

    /// <summary>True when the account was asked to send one of the deliveries of a notification, and has answered or is given up.</summary>
    internal static bool WasAsked(string provider, string deliveries, DateTimeOffset createdAt) =>
        throw new NotSupportedException("Only the database has it");

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        Map<NotificationRow>("notification").Property(row => row.Deliveries).HasColumnType("jsonb");
        modelBuilder.Entity<NotificationRow>().Property(row => row.Keys).HasColumnType("jsonb");
        modelBuilder.Entity<NotificationRow>().Property(row => row.Metadata).HasColumnType("jsonb");
        Map<ReferenceRow>("notification_reference");
        Map<RangeRow>("notification_range");
        Map<NotDeliveredRow>("notification_not_delivered");
        Map<UnfinishedRow>("unfinished_notification");
        Map<SweepMarkRow>("sweep_mark");
        Map<AttemptRow>("delivery_attempt");
        modelBuilder.HasDbFunction(() => WasAsked("", "", default)).HasName("was_asked").HasParameter("deliveries").HasStoreType("jsonb");
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

    public required string Application { get; init; }

    public required string EventName { get; init; }

    public string? EventId { get; init; }

    public required string Category { get; init; }

    public string? TemplateVersion { get; init; }

    public required string RecipientId { get; init; }

    public string? Keys { get; init; }

    public string? Metadata { get; init; }

    public required string Deliveries { get; init; }

    public string? Refusal { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>An event id, a business key or an address of a notification.</summary>
sealed class ReferenceRow
{
    public required long Reference { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required Guid Id { get; init; }
}

/// <summary>Times between which notifications of a category, a channel or an account began.</summary>
sealed class RangeRow
{
    public required long Reference { get; init; }

    public required DateTimeOffset Until { get; init; }

    public required DateTimeOffset Since { get; init; }
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
