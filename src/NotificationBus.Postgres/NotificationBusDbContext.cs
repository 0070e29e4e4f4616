using Microsoft.EntityFrameworkCore;
using NotificationBus.Notifications;

namespace NotificationBus.Postgres;

/// <summary>
/// The record as EF Core sees it: it applies migrations and answers operators' queries. The notifications themselves never pass through it.
/// </summary>
public sealed class NotificationBusDbContext(DbContextOptions<NotificationBusDbContext> options) : DbContext(options)
{
    /// <summary>The view <c>notification_overview</c>.</summary>
    public DbSet<NotificationSummary> Notifications => Set<NotificationSummary>();

    /// <inheritdoc />
    protected override void OnModelCreating(ModelBuilder modelBuilder) =>
        modelBuilder.Entity<NotificationSummary>(view =>
        {
            view.HasNoKey().ToView("notification_overview");
            view.Property(summary => summary.Id).HasColumnName("id");
            view.Property(summary => summary.Status).HasColumnName("status");
            view.Property(summary => summary.Event).HasColumnName("event");
            view.Property(summary => summary.Category).HasColumnName("category");
            view.Property(summary => summary.Recipient).HasColumnName("recipient");
            view.Property(summary => summary.CreatedAt).HasColumnName("created_at");
            view.Property(summary => summary.CompletedAt).HasColumnName("completed_at");
        });
}
