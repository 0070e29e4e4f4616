using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NotificationBus.Subscriptions;

/// <summary>
/// Reads for all streams by filter of this host: one statement numbers what all of them have to tell, and each that has something reads it.
/// While nobody reads such a stream nothing is asked.
/// </summary>
public sealed partial class EventFeed : BackgroundService
{
    // In each look, of each stream. What is more comes with the next.
    const int MostNumbered = 2_000;

    // What a reader has in memory that takes it slowly.
    const int PageSize = 200;

    static readonly TimeSpan ForgetEvery = TimeSpan.FromSeconds(30);

    readonly IEventStreams _streams;
    readonly SubscriptionBoard _board;
    readonly StreamsOptions _options;
    readonly TimeProvider _clock;
    readonly ILogger<EventFeed> _log;
    readonly Following<StreamExtent> _following;

    /// <summary>Reads nothing yet.</summary>
    public EventFeed(
        IEventStreams streams,
        SubscriptionBoard board,
        IOptions<StreamsOptions> options,
        IHostApplicationLifetime host,
        TimeProvider clock,
        ILogger<EventFeed> log
    )
    {
        (_streams, _board, _options, _clock, _log) = (streams, board, options.Value, clock, log);
        _following = new Following<StreamExtent>(ReadAll, StreamsNotRead, clock, host.ApplicationStopping);
    }

    /// <summary>Opens a stream, which tells what happens from now on. Null when there are as many as there may be.</summary>
    public async Task<StreamPlace?> Open(StreamListener stream, CancellationToken cancellationToken)
    {
        if (!await _streams.Open(stream, cancellationToken))
            return null;

        await _board.RefreshOrLater();
        return new StreamPlace(stream.Id, 0);
    }

    /// <summary>True when a stream is on record for that application, with all that came after the place.</summary>
    public async Task<bool> Has(StreamPlace place, string? application, CancellationToken cancellationToken)
    {
        var stream = (await _streams.Load(cancellationToken)).FirstOrDefault(one => one.Id == place.Stream);
        return stream is not null
            && stream.Application == application
            && (await _streams.Advance([place.Stream], MostNumbered, cancellationToken)).TryGetValue(place.Stream, out var extent)
            && place.Number >= extent.After
            && place.Number <= extent.UpTo;
    }

    /// <summary>The events after a place, and those that come, as long as the stream is on record and lacks none of them.</summary>
    /// <param name="place">How far the reader has come.</param>
    /// <param name="silence">After how long without an event null comes in its place.</param>
    /// <param name="cancellationToken">Ends it, without an error.</param>
    public async IAsyncEnumerable<StreamedEvent?> Follow(
        StreamPlace place,
        TimeSpan silence,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var followed = _following.Join(place.Stream);
        try
        {
            var looked = -1L;
            while (!cancellationToken.IsCancellationRequested)
            {
                var (extent, isGone, next) = followed.Look();
                if (isGone || place.Number < extent.After)
                    yield break;

                // When some was forgotten just now the page is empty, and the next look says why.
                while (looked < extent.UpTo && place.Number < extent.UpTo && !cancellationToken.IsCancellationRequested)
                {
                    if (await Page(place, cancellationToken) is not { } page)
                        break;

                    foreach (var told in page)
                    {
                        place = place with { Number = told.Number };
                        yield return told;
                    }

                    if (page.Count < PageSize)
                        looked = extent.UpTo;
                }

                await next.WaitAsync(silence, _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!next.IsCompleted && !cancellationToken.IsCancellationRequested)
                    yield return null;
            }
        }
        finally
        {
            _following.Leave(place.Stream, followed);
        }
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(ForgetEvery, _clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                if (!_board.Streams.IsEmpty)
                    await _streams.Forget(_options.KeptFor, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                StreamsNotForgotten(exception);
            }
        }
    }

    /// <summary>What comes after a place; null while it cannot be read.</summary>
    async Task<IReadOnlyList<StreamedEvent>?> Page(StreamPlace place, CancellationToken cancellationToken)
    {
        try
        {
            return await _streams.After(place, PageSize, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            // The look that goes on for all of them says so.
            return null;
        }
    }

    async Task ReadAll(IReadOnlyCollection<KeyValuePair<Guid, Followed<StreamExtent>>> all, CancellationToken cancellationToken)
    {
        var extents = await _streams.Advance([.. all.Select(one => one.Key)], MostNumbered, cancellationToken);
        foreach (var (stream, followed) in all)
        {
            if (!extents.TryGetValue(stream, out var extent))
                followed.Gone();
            else if (extent != followed.Known)
                followed.Tell(extent);
        }
    }

    [LoggerMessage(LogLevel.Warning, "What the streams of events have to tell cannot be read; they wait")]
    partial void StreamsNotRead(Exception exception);

    [LoggerMessage(LogLevel.Warning, "Streams of events that nobody reads could not be closed, which is tried again")]
    partial void StreamsNotForgotten(Exception exception);
}
