using System.Collections.Concurrent;

namespace NotificationBus.Chaos.Witnesses;

/// <summary>What the providers saw. It lives in the chaos process, which nobody kills.</summary>
sealed class Witness
{
    readonly ConcurrentQueue<Call> _calls = new();

    /// <summary>All calls so far, in order.</summary>
    public IReadOnlyCollection<Call> Calls => _calls;

    /// <summary>How many calls were taken.</summary>
    public int Taken => _calls.Count(call => call.Taken);

    public Call Record(string provider, Guid delivery) => Record(provider, delivery, Clock.Now);

    public Call Record(string provider, Guid delivery, DateTimeOffset received)
    {
        var call = new Call(provider, delivery, received);
        _calls.Enqueue(call);
        return call;
    }
}
