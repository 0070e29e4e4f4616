namespace NotificationBus.Benchmarks;

/// <summary>The machine's clock, which PostgreSQL on the same machine shares.</summary>
static class Clock
{
    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();
}
