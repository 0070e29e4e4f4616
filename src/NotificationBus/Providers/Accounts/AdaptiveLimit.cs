namespace NotificationBus.Providers.Accounts;

/// <summary>
/// The number of calls at the same time that an account takes, found out by how it answers: more while each takes no longer than before,
/// fewer when calls become slow, when it says that there are too many, and when most of them fail.
/// </summary>
/// <remarks>
/// As congestion control does (slow start and AIMD, RFC 5681; the delay of TCP Vegas): a half more with each window of calls until it was
/// too much for the first time, then <see cref="Step"/> more; a tenth to a half less when the median is more than twice what it is at half
/// as many calls. That measure is taken anew from time to time, so that a vendor who has become slower for other reasons is not starved,
/// and one that is slow because of us is not flooded. It grows only while calls wait for it.
/// </remarks>
sealed class AdaptiveLimit(int min, int max, TimeProvider clock)
{
    const int Step = 8;
    const int LeastCalls = 10;
    const int MostSamples = 64;
    const double TooSlow = 2;
    const double LessWhenThrottled = 0.7;
    const double LessWhenFailing = 0.5;
    const double LeastFactor = 0.5;
    const double MostFactor = 0.9;

    static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(100);

    // Differences that a busy processor makes say nothing about a provider.
    static readonly TimeSpan Noise = TimeSpan.FromMilliseconds(10);

    static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(30);

    readonly Lock _lock = new();
    readonly TimeSpan[] _samples = new TimeSpan[MostSamples];
    Window _window = new(clock.GetTimestamp());
    double _limit = min;
    bool _isMeasuring;
    long _changedAt = clock.GetTimestamp();
    bool _wasTooMuch;
    long _measuredAt = clock.GetTimestamp();
    TimeSpan? _usual;

    /// <summary>The limit now.</summary>
    public int Current
    {
        get
        {
            var limit = (int)Volatile.Read(ref _limit);
            return Volatile.Read(ref _isMeasuring) ? Math.Max(min, limit / 2) : limit;
        }
    }

    /// <summary>Learns from a call that has ended.</summary>
    /// <param name="took">How long it took.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="othersWait">Whether calls wait for one to end.</param>
    public void Ended(TimeSpan took, ProviderResult result, bool othersWait)
    {
        lock (_lock)
        {
            // It began among more than there may be now, and says nothing of how few fare.
            if (took > clock.GetElapsedTime(_changedAt))
                return;

            _window.Calls++;
            _window.IsFull |= othersWait;
            if (result is ProviderResult.Throttled)
                _window.Throttled++;
            else if (CircuitBreaker.SpeaksAgainst(result))
                _window.Failed++;
            else
                _samples[_window.Answered++ % MostSamples] = took;

            if (_window.Calls >= Math.Max(LeastCalls, Current / 2) && clock.GetElapsedTime(_window.Began) >= ShortestWindow)
                Close();
        }
    }

    void Close()
    {
        var (window, now) = (_window, clock.GetTimestamp());
        _window = new Window(now);
        if (window.Throttled > 0)
            Lower(LessWhenThrottled);
        else if (window.Failed * 2 > window.Calls)
            Lower(LessWhenFailing);
        else if (window.Answered > 0)
            Consider(Median(window.Answered), window.IsFull, now);
    }

    void Consider(TimeSpan median, bool isFull, long now)
    {
        if (_isMeasuring)
        {
            (_usual, _measuredAt, _isMeasuring) = (median, now, false);
            return;
        }

        if (_usual is not { } usual || median < usual)
            _usual = usual = median;

        var bearable = usual * TooSlow > usual + Noise ? usual * TooSlow : usual + Noise;
        if (median > bearable)
            Lower(Math.Clamp(bearable / median, LeastFactor, MostFactor));
        else if (isFull)
            _limit = Math.Min(max, _limit + (_wasTooMuch ? Step : Math.Max(Step, _limit / 2)));

        if (clock.GetElapsedTime(_measuredAt, now) <= MeasureEvery)
            return;

        if (_limit > min)
            (_isMeasuring, _changedAt) = (true, now);
        else
            (_usual, _measuredAt) = (median, now);
    }

    void Lower(double factor)
    {
        _wasTooMuch = true;
        _limit = Math.Max(min, _limit * factor);
        _changedAt = clock.GetTimestamp();
    }

    TimeSpan Median(int answered)
    {
        var samples = _samples.AsSpan(0, Math.Min(answered, MostSamples));
        samples.Sort();
        return samples[samples.Length / 2];
    }

    /// <summary>Calls that ended one after the other.</summary>
    struct Window(long began)
    {
        public long Began { get; } = began;
        public int Calls;
        public int Answered;
        public int Throttled;
        public int Failed;
        public bool IsFull;
    }
}
