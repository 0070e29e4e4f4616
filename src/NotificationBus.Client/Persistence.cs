using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace NotificationBus.Client;

/// <summary>
/// The way a call is tried again: with growing pauses, or after the one the answer asks for, until the patience is over. What is repeated
/// goes out under the same id, so that a call whose answer was lost does no harm.
/// </summary>
static class Persistence
{
    static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(10);

    /// <summary>Makes a pipeline.</summary>
    /// <param name="patience">The time for all tries together.</param>
    /// <param name="clock">The time.</param>
    public static ResiliencePipeline Of(TimeSpan patience, TimeProvider clock) =>
        new ResiliencePipelineBuilder { TimeProvider = clock }
            .AddTimeout(patience)
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = int.MaxValue,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = TimeSpan.FromMilliseconds(100),
                    MaxDelay = TimeSpan.FromSeconds(5),
                    UseJitter = true,
                    ShouldHandle = new PredicateBuilder().Handle<PassingException>().Handle<TimeoutRejectedException>(),
                    DelayGenerator = static failed =>
                        ValueTask.FromResult(
                            failed.Outcome.Exception is PassingException { RetryAfter: { } wanted } ? wanted : (TimeSpan?)null
                        ),
                }
            )
            .AddTimeout(LongestTry)
            .Build();

    /// <summary>Makes a call.</summary>
    /// <exception cref="NotificationNotAcceptedException">Nobody took it in time.</exception>
    public static async Task<T> Call<T>(
        this ResiliencePipeline tries,
        Func<CancellationToken, Task<T>> call,
        CancellationToken cancellationToken
    )
    {
        Exception? last = null;
        try
        {
            return await tries.ExecuteAsync(
                async attempt =>
                {
                    try
                    {
                        return await call(attempt);
                    }
                    catch (PassingException passing)
                    {
                        last = passing.InnerException ?? passing;
                        throw;
                    }
                },
                cancellationToken
            );
        }
        catch (Exception exception) when (exception is TimeoutRejectedException or PassingException)
        {
            throw new NotificationNotAcceptedException(last ?? exception);
        }
    }
}

/// <summary>A failure that passes: the call is made again.</summary>
/// <param name="cause">The failure.</param>
/// <param name="retryAfter">The pause that was asked for.</param>
sealed class PassingException(Exception cause, TimeSpan? retryAfter = null) : Exception(cause.Message, cause)
{
    public TimeSpan? RetryAfter => retryAfter;
}
