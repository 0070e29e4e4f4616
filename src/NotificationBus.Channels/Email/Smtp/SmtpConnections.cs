using System.Security.Cryptography.X509Certificates;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>
/// The connections to one server. Signing in costs more round trips than the mail itself, so a connection that served is kept
/// for the next one.
/// </summary>
sealed class SmtpConnections : IAsyncDisposable
{
    /// <summary>Shorter than the five minutes a server has to wait (RFC 5321 4.5.3.2.7) and than what firewalls forget.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);

    readonly SmtpOptions _options;
    readonly TimeProvider _clock;
    readonly X509Certificate2Collection? _trusted;
    readonly SemaphoreSlim _slots;
    readonly Lock _lock = new();
    readonly Stack<(SmtpConnection Connection, long Since)> _idle = new();
    readonly ITimer _sweep;
    bool _closed;

    public SmtpConnections(SmtpOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _trusted = TrustedAuthorities.Read(options.TrustedCertificate);
        _slots = new SemaphoreSlim(options.MaxConnections);
        _sweep = clock.CreateTimer(_ => Sweep(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Hands one mail over and returns the server's last word about it.</summary>
    /// <param name="mail">The mail and its envelope.</param>
    /// <param name="cancellationToken">Gives up; after the final dot that leaves a doubt.</param>
    /// <exception cref="SmtpException">
    /// There was no usable connection, or it broke; nobody took the mail unless it was at the final dot.
    /// </exception>
    public async Task<SmtpAnswer> Send(Mail mail, CancellationToken cancellationToken)
    {
        var begun = _clock.GetTimestamp();
        SmtpPatience Patience() => new(_options, _clock, begun, cancellationToken);

        using var waiting = Patience();
        await TakeSlot(waiting);
        try
        {
            using var reusing = Patience();
            if (await SendReused(mail, reusing) is { } answer)
                return answer;

            using var afresh = Patience();
            return await Send(await SmtpConnection.Open(_options, _trusted, _clock, afresh), mail, afresh);
        }
        finally
        {
            _slots.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<SmtpConnection> idle;
        lock (_lock)
        {
            _closed = true;
            idle = [.. _idle.Select(kept => kept.Connection)];
            _idle.Clear();
        }

        await _sweep.DisposeAsync();
        await Task.WhenAll(idle.Select(connection => connection.Quit()));
    }

    async Task TakeSlot(SmtpPatience patience)
    {
        try
        {
            await _slots.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException busy)
        {
            throw new SmtpException(
                SmtpStep.Slot,
                patience.IsOver ? SmtpException.OutOfTime : $"all {_options.MaxConnections} connections were busy for {_options.Timeout}",
                busy
            );
        }
    }

    // Null when there was no connection to reuse or it turned out to be dead. Nothing of the mail's content was written by then,
    // so a fresh connection may start over; once, because a second one is no stale one.
    async Task<SmtpAnswer?> SendReused(Mail mail, SmtpPatience patience)
    {
        if (TakeIdle() is not { } connection)
            return null;

        try
        {
            var answer = await Send(connection, mail, patience);
            // Also 421 4.7.0: Postfix says so to a connection that has made too many errors, and a fresh one has made none.
            return answer is { Step: < SmtpStep.Content, Reply.Code: 421 } ? null : answer;
        }
        catch (SmtpException stale) when (stale.Step < SmtpStep.Content && !patience.IsOver)
        {
            return null;
        }
    }

    async Task<SmtpAnswer> Send(SmtpConnection connection, Mail mail, SmtpPatience patience)
    {
        SmtpAnswer answer;
        try
        {
            answer = await connection.Send(mail, patience);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        if (!IsUsableAfter(answer) || !Keep(connection))
            connection.Dispose();
        return answer;
    }

    // 421 announces that the server hangs up; a reply of the wrong kind leaves open what the server is waiting for.
    static bool IsUsableAfter(SmtpAnswer answer) =>
        answer.Reply.Code switch
        {
            421 => false,
            >= 400 => true,
            var code => answer.Step == SmtpStep.FinalDot && code / 100 == 2,
        };

    SmtpConnection? TakeIdle()
    {
        lock (_lock)
        {
            // The newest first, so that under little load the others grow old and are closed.
            while (_idle.TryPop(out var kept))
            {
                if (_clock.GetElapsedTime(kept.Since) < IdleLimit && !kept.Connection.IsStale)
                    return kept.Connection;

                kept.Connection.Dispose();
            }
        }

        return null;
    }

    bool Keep(SmtpConnection connection)
    {
        lock (_lock)
        {
            if (_closed)
                return false;

            _idle.Push((connection, _clock.GetTimestamp()));
            if (_idle.Count == 1)
                _sweep.Change(IdleLimit, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    // Without it the last connections of a busy hour would hold a place at the server all night.
    void Sweep()
    {
        ILookup<bool, (SmtpConnection Connection, long Since)> old;
        lock (_lock)
        {
            if (_closed)
                return;

            old = _idle.ToLookup(kept => _clock.GetElapsedTime(kept.Since) >= IdleLimit);
            _idle.Clear();
            foreach (var kept in old[false].Reverse())
                _idle.Push(kept);

            if (_idle.Count > 0)
                _sweep.Change(IdleLimit, Timeout.InfiniteTimeSpan);
        }

        foreach (var (connection, _) in old[true])
            _ = connection.Quit();
    }
}
