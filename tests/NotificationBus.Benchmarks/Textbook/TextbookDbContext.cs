using Microsoft.EntityFrameworkCore;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>The rows of the textbook solution.</summary>
sealed class TextbookDbContext(DbContextOptions<TextbookDbContext> options) : DbContext(options)
{
    public DbSet<TextbookState> Notifications => Set<TextbookState>();

    public DbSet<TextbookAttempt> Attempts => Set<TextbookAttempt>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<TextbookState>(entity =>
        {
            entity.ToTable("notification");
            entity.HasKey(saga => saga.CorrelationId);
            entity.Property(saga => saga.CorrelationId).HasColumnName("id");
            entity.Property(saga => saga.CurrentState).HasColumnName("state");
            entity.Property(saga => saga.EventId).HasColumnName("event_id");
            entity.Property(saga => saga.RecipientId).HasColumnName("recipient_id");
            entity.Property(saga => saga.Recipient).HasColumnName("recipient").HasColumnType("jsonb");
            entity.Property(saga => saga.Data).HasColumnName("data").HasColumnType("json");
            entity.Property(saga => saga.EmailIsSent).HasColumnName("email_is_sent");
            entity.Property(saga => saga.PushIsSent).HasColumnName("push_is_sent");
            entity.Property(saga => saga.CreatedAt).HasColumnName("created_at");
            entity.Property(saga => saga.CompletedAt).HasColumnName("completed_at");
            entity.Property(saga => saga.RowVersion).IsRowVersion();
            entity.HasIndex(saga => new { saga.CreatedAt, saga.CorrelationId }).IsDescending();
            entity.HasIndex(saga => new
            {
                saga.RecipientId,
                saga.CreatedAt,
                saga.CorrelationId,
            });
        });
        modelBuilder.Entity<TextbookAttempt>(entity =>
        {
            entity.ToTable("delivery_attempt");
            entity.HasKey(attempt => attempt.DeliveryId);
            entity.Property(attempt => attempt.DeliveryId).HasColumnName("delivery_id");
            entity.Property(attempt => attempt.Number).HasColumnName("number");
            entity.Property(attempt => attempt.NotificationId).HasColumnName("notification_id");
            entity.Property(attempt => attempt.Channel).HasColumnName("channel");
            entity.Property(attempt => attempt.Provider).HasColumnName("provider");
            entity.Property(attempt => attempt.Status).HasColumnName("status");
            entity.Property(attempt => attempt.ProviderMessageId).HasColumnName("provider_message_id");
            entity.Property(attempt => attempt.StartedAt).HasColumnName("started_at");
            entity.Property(attempt => attempt.FinishedAt).HasColumnName("finished_at");
        });
    }
}
