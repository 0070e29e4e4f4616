using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Intake;

/// <summary>Settings of <c>Intake</c>.</summary>
public sealed class IntakeOptions
{
    /// <summary>
    /// The most calls of the HTTP API that one host publishes at the same time, 1 to 100,000, default 1,000. One more is answered
    /// 429: come again.
    /// </summary>
    [Range(1, 100_000)]
    public int ConcurrencyLimit { get; set; } = 1_000;

    /// <summary>
    /// The most connections that each address in <c>Urls</c> and <c>PublicUrls</c> holds open at the same time, 10 to 100,000, default
    /// 2,000. One more is closed.
    /// </summary>
    [Range(10, 100_000)]
    public int Connections { get; set; } = 2_000;

    /// <summary>
    /// The application of what comes over the bus or by SQL from somebody whom no <c>Applications:{name}</c> names. Default
    /// <c>default</c>.
    /// </summary>
    [Required]
    public string Application { get; set; } = Applications.Default;

    /// <summary>Events that producers publish by SQL.</summary>
    public SqlIntakeOptions Sql { get; set; } = new();
}

/// <summary>Settings of <c>Intake:Sql</c>.</summary>
public sealed class SqlIntakeOptions
{
    /// <summary>
    /// Takes what producers publish with <c>notificationbus.publish</c>. At least one host should; it has one more connection to
    /// the database, on which it listens. Only with Transport=RabbitMq. Default <c>false</c>.
    /// </summary>
    public bool Enabled { get; set; }

    /// <summary>
    /// The time after which a host looks though nobody woke it, 100 ms to 1 min, default 1 s. It bounds how long an event may wait whose
    /// transaction took longer than its host stayed awake.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Poll { get; set; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Back-pressure. What comes faster than RabbitMQ confirms, or while it confirms nothing, is refused at once: a caller that is kept
/// waiting costs memory, gives up without knowing why, and asks again beside all the others.
/// </summary>
public sealed partial class IntakeGate(IOptions<IntakeOptions> options, PublishLimit limit, ILogger<IntakeGate> log) : IGate, IDisposable
{
    readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions { PermitLimit = options.Value.ConcurrencyLimit });
    volatile bool _silent;
    volatile string? _closed;
    int _trying;

    /// <summary>Lets nothing through from now on, because it would be lost.</summary>
    /// <param name="reason">Why, a sentence for whoever calls.</param>
    public void Close(string reason) => _closed = reason;

    /// <summary>Lets everything through again.</summary>
    public void Open() => _closed = null;

    /// <inheritdoc />
    public IEnumerable<GateUse> Uses =>
        [
            new GateUse(
                "intake",
                options.Value.ConcurrencyLimit - (_places.GetStatistics()?.CurrentAvailablePermits ?? options.Value.ConcurrencyLimit),
                options.Value.ConcurrencyLimit
            ),
        ];

    /// <summary>True while what is published would be lost.</summary>
    public bool IsClosed => _closed is not null;

    /// <summary>Refuses what is not published here but will be.</summary>
    /// <exception cref="IntakeClosedException">It would be lost. Nothing has happened.</exception>
    public void RefuseWhileClosed()
    {
        if (_closed is { } reason)
            throw new IntakeClosedException(reason);
    }

    /// <summary>Publishes what came from outside.</summary>
    /// <param name="publish">Publishes it; completes with the broker's confirm.</param>
    /// <exception cref="IntakeClosedException">It would be lost. Nothing has happened.</exception>
    /// <exception cref="IntakeBusyException">Too much is being published already. Nothing has happened.</exception>
    /// <exception cref="BrokerUnavailableException">
    /// The broker did not confirm in time, or has not confirmed anything lately. It may have been taken all the same.
    /// </exception>
    public async Task Publish(Func<Task> publish)
    {
        RefuseWhileClosed();
        using var place = _places.AttemptAcquire();
        if (!place.IsAcquired)
            throw new IntakeBusyException(options.Value.ConcurrencyLimit);

        if (!_silent)
        {
            await Await(publish);
            return;
        }

        // One at a time finds out whether it is back.
        if (Interlocked.Exchange(ref _trying, 1) == 1)
            throw new BrokerUnavailableException("RabbitMQ has not confirmed anything lately");

        try
        {
            await Await(publish);
        }
        finally
        {
            Volatile.Write(ref _trying, 0);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _places.Dispose();

    async Task Await(Func<Task> publish)
    {
        try
        {
            await limit.Await(publish());
            if (_silent)
            {
                _silent = false;
                ConfirmsAgain();
            }
        }
        catch (BrokerUnavailableException exception) when (exception.InnerException is TimeoutException)
        {
            if (!_silent)
            {
                _silent = true;
                ConfirmsNothing(exception.Message);
            }

            throw;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Reason}: callers of the API are told to come again until it does")]
    partial void ConfirmsNothing(string reason);

    [LoggerMessage(LogLevel.Information, "RabbitMQ confirms again")]
    partial void ConfirmsAgain();
}

/// <summary>More is asked for than is published at the same time.</summary>
/// <param name="concurrencyLimit">How many are.</param>
public sealed class IntakeBusyException(int concurrencyLimit)
    : Exception($"{concurrencyLimit} calls are being published already (Intake:ConcurrencyLimit)");

/// <summary>The intake is closed: what would be taken would be lost.</summary>
/// <param name="reason">By what.</param>
public sealed class IntakeClosedException(string reason) : Exception(reason);
