using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Notifications;
using NotificationBus.Subscriptions;

namespace NotificationBus.Saga;

/// <summary>
/// Reads for all streams of this host what becomes of their notifications: one statement asks for the versions of all of them, and only
/// those that have changed are read. While nobody reads along nothing is asked, and notifications pay nothing for it at any time.
/// </summary>
public sealed partial class EventReader
{
    const int MostVersions = 5_000;
    const int MostRead = 100;

    readonly INotificationQueries _queries;
    readonly StreamsOptions _options;
    readonly TimeProvider _clock;
    readonly ILogger<EventReader> _log;
    readonly Following<RecordedNotification> _following;
    readonly Dictionary<string, int> _ofCaller = new(StringComparer.Ordinal);
    readonly Lock _lock = new();
    int _open;

    /// <summary>Reads nothing yet.</summary>
    public EventReader(
        INotificationQueries queries,
        IOptions<StreamsOptions> options,
        IHostApplicationLifetime host,
        TimeProvider clock,
        ILogger<EventReader> log
    )
    {
        (_queries, _options, _clock, _log) = (queries, options.Value, clock, log);
        _following = new Following<RecordedNotification>(
            ReadAll,
            exception => EventsNotRead(exception.Message),
            clock,
            host.ApplicationStopping
        );
    }

    /// <summary>How many streams are open.</summary>
    public int Open => _open;

    /// <summary>Takes a place among the streams.</summary>
    /// <param name="caller">Whose stream it is; null for nobody in particular.</param>
    /// <param name="place">The place, to be given back; null when there is none.</param>
    public StreamRoom Enter(string? caller, out IDisposable? place)
    {
        lock (_lock)
        {
            place = null;
            var ofCaller = caller is null ? 0 : _ofCaller.GetValueOrDefault(caller);
            if (caller is not null && ofCaller >= _options.MostPerKey)
                return StreamRoom.NoneForCaller;
            if (_open >= _options.MostPerHost)
                return StreamRoom.None;

            _open++;
            if (caller is not null)
                _ofCaller[caller] = ofCaller + 1;
            place = new Place(this, caller);
            return StreamRoom.Taken;
        }
    }

    /// <summary>Reads one notification now; null when it is not on record.</summary>
    public async Task<RecordedNotification?> Read(Guid id, CancellationToken cancellationToken) =>
        await _queries.Read([id], cancellationToken) is [var record] ? record : null;

    /// <summary>
    /// The events of a notification after a place, and those that come, until it has ended and all was told, or it is not on record any
    /// more.
    /// </summary>
    /// <param name="id">The notification, which may not be on record yet.</param>
    /// <param name="record">The notification as it was read by now; null when it is not on record.</param>
    /// <param name="place">How far the reader has come.</param>
    /// <param name="silence">After how long without an event null comes in its place.</param>
    /// <param name="cancellationToken">Ends it, without an error.</param>
    public async IAsyncEnumerable<ToldEvent?> Follow(
        Guid id,
        RecordedNotification? record,
        EventPlace place,
        TimeSpan silence,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var watched = _following.Join(id);
        try
        {
            if (record?.Notification.Version > VersionOf(watched))
                Tell(watched, record);
            RecordedNotification? told = null;
            while (!cancellationToken.IsCancellationRequested)
            {
                (record, var isGone, var next) = watched.Look();
                if (record is not null && record != told)
                {
                    told = record;
                    foreach (var happened in EventHistory.After(record, place))
                    {
                        place = happened.Place;
                        yield return happened;
                    }
                }

                if (isGone || record?.Notification is { CompletedAt: not null } ended && ended.Version >= place.Step)
                    yield break;

                await next.WaitAsync(silence, _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!next.IsCompleted && !cancellationToken.IsCancellationRequested)
                    yield return null;
            }
        }
        finally
        {
            _following.Leave(id, watched);
        }
    }

    async Task ReadAll(IReadOnlyCollection<KeyValuePair<Guid, Followed<RecordedNotification>>> all, CancellationToken cancellationToken)
    {
        foreach (var some in all.Chunk(MostVersions))
        {
            var versions = await _queries.Versions([.. some.Select(one => one.Key)], cancellationToken);
            foreach (var (_, watched) in some.Where(one => one.Value.Known is not null && !versions.ContainsKey(one.Key)))
                watched.Gone();

            var changed = some.Where(one => versions.TryGetValue(one.Key, out var version) && version != VersionOf(one.Value)).ToList();
            foreach (var few in changed.Chunk(MostRead))
                await Read(few, cancellationToken);
        }
    }

    async Task Read(KeyValuePair<Guid, Followed<RecordedNotification>>[] some, CancellationToken cancellationToken)
    {
        try
        {
            var watched = some.ToDictionary(one => one.Key, one => one.Value);
            foreach (var record in await _queries.Read([.. some.Select(one => one.Key)], cancellationToken))
                Tell(watched[record.Notification.CorrelationId], record);
        }
        catch (Exception exception) when (exception is not (DbException or TimeoutException or OperationCanceledException))
        {
            // One that cannot be read ends its own streams, and no others.
            if (some is [var (id, one)])
            {
                NotificationNotRead(exception, id);
                one.Gone();
                return;
            }

            foreach (var single in some)
                await Read([single], cancellationToken);
        }
    }

    static int VersionOf(Followed<RecordedNotification> watched) => watched.Known?.Notification.Version ?? 0;

    static void Tell(Followed<RecordedNotification> watched, RecordedNotification record)
    {
        // What templates may use, which can be much, is told to nobody.
        record.Notification.Data = default;
        watched.Tell(record);
    }

    [LoggerMessage(LogLevel.Error, "Notification {NotificationId} cannot be read for the streams that read it along, which end")]
    partial void NotificationNotRead(Exception exception, Guid notificationId);

    [LoggerMessage(LogLevel.Warning, "What becomes of notifications cannot be read for the streams, which wait: {Reason}")]
    partial void EventsNotRead(string reason);

    sealed class Place(EventReader reader, string? caller) : IDisposable
    {
        bool _isGivenBack;

        public void Dispose()
        {
            lock (reader._lock)
            {
                if (_isGivenBack)
                    return;

                _isGivenBack = true;
                reader._open--;
                if (caller is not null && reader._ofCaller[caller]-- == 1)
                    reader._ofCaller.Remove(caller);
            }
        }
    }
}

/// <summary>Whether there is room for one more stream.</summary>
public enum StreamRoom
{
    /// <summary>There was, and it is taken.</summary>
    Taken,

    /// <summary>The caller has as many as one may have.</summary>
    NoneForCaller,

    /// <summary>The host has as many as it holds.</summary>
    None,
}
