using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace NotificationBus.Tests.TestKit;

/// <summary>Wakes whoever waits for a condition each time something happened that may have made it true.</summary>
sealed class Pulse
{
    // Only a test that fails waits this long.
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    // Something may go on for ever.
    static readonly TimeSpan Most = TimeSpan.FromMinutes(5);

    TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Beat() =>
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public async Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        for (var waiting = Stopwatch.StartNew(); ; )
        {
            var next = Volatile.Read(ref _next).Task;
            if (condition())
                return;

            if (waiting.Elapsed > Most)
                throw new TimeoutException($"Much has happened, and this is still not so: {what}");

            try
            {
                await next.WaitAsync(Patience, TestContext.Current.CancellationToken);
            }
            catch (TimeoutException exception)
            {
                throw new TimeoutException($"Nothing has happened for a while, and this is still not so: {what}", exception);
            }
        }
    }
}
