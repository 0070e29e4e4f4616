using NotificationBus.Providers;

namespace NotificationBus.Tests.TestKit;

/// <summary>A provider that answers what the test tells it to, and remembers what it was asked.</summary>
sealed class ScriptedProvider(string name, string channel, Pulse? pulse = null) : IProvider
{
    public static readonly ProviderResult Accepted = new ProviderResult.Accepted("their-id");
    public static readonly ProviderResult Rejected = new ProviderResult.Rejected("no such mailbox");
    public static readonly ProviderResult Declined = new ProviderResult.Declined("too long for us");
    public static readonly ProviderResult Unavailable = new ProviderResult.Unavailable("too busy", OnlyThisDelivery: true);
    public static readonly ProviderResult Failing = new ProviderResult.Unavailable("out of order");
    public static readonly ProviderResult InDoubt = new ProviderResult.InDoubt("the line went dead");

    readonly Lock _lock = new();
    readonly List<Delivery> _calls = [];
    readonly TaskCompletionSource<ProviderResult> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Func<Delivery, int, Task<ProviderResult>> _answer = (_, _) => Task.FromResult(Accepted);

    public string Name => name;

    public string Channel => channel;

    /// <summary>Fails outside of its calls, as no provider should.</summary>
    public bool IsBroken { get; set; }

    public TimeSpan LongestCall => IsBroken ? throw new InvalidOperationException("broken") : TimeSpan.FromSeconds(10);

    /// <summary>For how long it knows a delivery by its id.</summary>
    public TimeSpan? KnowsRepetitionFor { get; set; }

    /// <summary>Which deliveries it can carry at all.</summary>
    public Func<Delivery, bool> Serving { get; set; } = _ => true;

    public IReadOnlyList<Delivery> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    /// <summary>Answers one after the other; the last one stays.</summary>
    public ScriptedProvider Answers(params ProviderResult[] results) =>
        Answers((_, call) => Task.FromResult(results[Math.Min(call, results.Length) - 1]));

    public ScriptedProvider Answers(Func<Delivery, ProviderResult> answer) => Answers((delivery, _) => Task.FromResult(answer(delivery)));

    /// <summary>Answers as a function of the delivery and of the number of the call, which begins at 1.</summary>
    public ScriptedProvider Answers(Func<Delivery, int, Task<ProviderResult>> answer)
    {
        _answer = answer;
        return this;
    }

    public bool Serves(Delivery delivery) => Serving(delivery);

    /// <summary>Lets go of whoever still waits for an answer, so that a test that failed ends soon.</summary>
    public void Close() => _closed.TrySetResult(Rejected);

    public async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        int call;
        lock (_lock)
        {
            _calls.Add(delivery);
            call = _calls.Count;
        }

        pulse?.Beat();
        return await await Task.WhenAny(_answer(delivery, call), _closed.Task);
    }
}
