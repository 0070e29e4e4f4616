using NotificationBus.Channels.Email.Providers;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// The time of one attempt: each step its own, and all before the final dot some together, so that a server that is slow at every step does
/// not eat the time the answer to the final dot needs.
/// </summary>
sealed class SmtpPatience : IDisposable
{
    readonly SmtpOptions _options;
    readonly TimeProvider _clock;
    readonly long _begun;
    readonly CancellationToken _caller;
    readonly CancellationTokenSource _limit;
    readonly CancellationTokenSource _either;
    TimeSpan _given;
    bool _isLastOfAll;

    /// <summary>Begins with the first step.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="clock">Ends what takes too long.</param>
    /// <param name="begun">The timestamp at which the mail came, from which all steps before the final dot are counted.</param>
    /// <param name="caller">Gives up on the whole.</param>
    public SmtpPatience(SmtpOptions options, TimeProvider clock, long begun, CancellationToken caller)
    {
        (_options, _clock, _begun, _caller) = (options, clock, begun, caller);
        _limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, caller);
        Begin(SmtpStep.Slot);
    }

    /// <summary>Ends when a step has taken too long, or the caller has given up.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>True when nobody waits any more, whichever step or attempt it would be.</summary>
    public bool IsOver => _caller.IsCancellationRequested || Left <= TimeSpan.Zero;

    /// <summary>Says why <see cref="Token"/> has ended.</summary>
    public string Reason => _caller.IsCancellationRequested || _isLastOfAll ? SmtpException.OutOfTime : $"no answer within {_given}";

    TimeSpan Left => _options.UntilFinalDot - _clock.GetElapsedTime(_begun);

    /// <summary>Gives the step its time, in place of what is left of the one before.</summary>
    public void Begin(SmtpStep step)
    {
        var left = Left;
        _isLastOfAll = step < SmtpStep.FinalDot && left < _options.Timeout;
        _given =
            step == SmtpStep.FinalDot ? _options.FinalDotTimeout
            : _isLastOfAll ? left
            : _options.Timeout;
        _limit.CancelAfter(_given > TimeSpan.Zero ? _given : TimeSpan.Zero);
    }

    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }
}
