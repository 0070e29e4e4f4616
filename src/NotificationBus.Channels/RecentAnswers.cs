using System.Collections.Concurrent;

namespace NotificationBus.Channels;

/// <summary>
/// A bounded cache of what was found out of addresses lately. Intake, planning and sending ask the same of an address within a moment, and
/// some of it is dear to find out.
/// </summary>
/// <param name="find">Finds the answer; the same for the same address, always.</param>
/// <param name="capacity">How many addresses are kept for certain; up to twice as many are.</param>
/// <param name="longest">The longest address that is kept, in characters: what is longer is found out anew.</param>
sealed class RecentAnswers<TAnswer>(Func<string, TAnswer> find, int capacity, int longest)
{
    ConcurrentDictionary<string, TAnswer> _young = new(StringComparer.Ordinal);
    ConcurrentDictionary<string, TAnswer> _old = new(StringComparer.Ordinal);

    /// <summary>The answer for an address.</summary>
    public TAnswer Of(string address)
    {
        if (address.Length > longest)
            return find(address);
        if (_young.TryGetValue(address, out var known))
            return known;

        var answer = _old.TryGetValue(address, out known) ? known : find(address);
        // Two threads that turn the generations over at once forget more than they need to, and nothing else.
        if (_young.Count >= capacity)
            (_old, _young) = (_young, new(StringComparer.Ordinal));
        _young[address] = answer;
        return answer;
    }
}
