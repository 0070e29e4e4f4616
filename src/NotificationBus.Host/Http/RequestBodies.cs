using System.Buffers;
using System.Net;
using System.Threading.RateLimiting;
using NotificationBus.Telemetry;

namespace NotificationBus.Host.Http;

/// <summary>
/// Reads bodies whole, into memory that is given back. However many callers send, and however slowly: small bodies cost what the
/// server has buffered anyway and are soon given up, few large ones are read at the same time, and none is waited for longer than ten
/// seconds. What the world posts has places of its own, for each account and in it for each caller: it takes none from the API, nor from
/// another vendor.
/// </summary>
sealed class RequestBodies(TimeProvider clock) : IGate, IDisposable
{
    /// <summary>The most large bodies of callers of the API that are read at the same time.</summary>
    public const int LargeAtOnce = 32;

    /// <summary>The most large bodies of many events or requests that are read and taken at the same time.</summary>
    public const int LargeBatchesAtOnce = 4;

    /// <summary>The most large receipts for one account that are read at the same time.</summary>
    public const int LargeForAnAccount = 8;

    /// <summary>The most of those that are one caller's.</summary>
    public const int LargeOfACaller = 4;

    /// <summary>The largest body that needs no place, in bytes.</summary>
    public const int Small = 64 * 1024;

    /// <summary>The most items of a small body that need no place. An item of two bytes is looked at as any other is.</summary>
    public const int FewItems = 256;

    /// <summary>The longest a small body may take, or the beginning of a large one.</summary>
    public static readonly TimeSpan PatienceForSmall = TimeSpan.FromSeconds(5);

    /// <summary>The longest a large body may take, from its need of a place on.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // One more is told to come again: whoever waits in line waits with an open connection.
    const int LongestLine = 128;

    const int Usual = 4 * 1024;

    readonly ConcurrencyLimiter _forTheApi = new(Of(LargeAtOnce, LongestLine));

    // They are held until all in them is taken. Whoever came after more than this line would only be told that it took too long.
    readonly ConcurrencyLimiter _forBatches = new(Of(LargeBatchesAtOnce, LargeBatchesAtOnce));

    // A caller's own places come first: who has those waits in the account's line, and who has not waits for them alone.
    readonly PartitionedRateLimiter<(string Account, IPAddress Caller)> _forAccounts = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<(string, IPAddress), (string, IPAddress)>(one =>
            RateLimitPartition.GetConcurrencyLimiter(one, _ => Of(LargeOfACaller, LongestLine / 8))
        ),
        PartitionedRateLimiter.Create<(string, IPAddress), string>(one =>
            RateLimitPartition.GetConcurrencyLimiter(one.Item1, _ => Of(LargeForAnAccount, LongestLine / 2))
        )
    );

    int _large;

    /// <summary>The number of large bodies that are being read.</summary>
    public int LargeNow => _large;

    /// <summary>The large bodies that are read, of the API and of all accounts.</summary>
    public IEnumerable<GateUse> Uses => [new GateUse("large-bodies", LargeNow, limit: null)];

    /// <summary>Reads a body of a caller of the API to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="longest">The most bytes it may have.</param>
    /// <exception cref="BadHttpRequestException">
    /// It is longer (413), too slow (408), too many are being read (429), or it is cut off or framed wrongly (400).
    /// </exception>
    public Task<Body> Read(HttpRequest request, long longest) => Read(request, longest, account: null);

    /// <summary>Reads a body of many events or requests to its end.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="BadHttpRequestException">
    /// It is longer than <see cref="HttpLimits.BatchSize"/> (413), too slow (408), too many are being read or taken (429), or it is cut off
    /// or framed wrongly (400).
    /// </exception>
    public Task<Body> ReadBatch(HttpRequest request) =>
        Read(request, HttpLimits.BatchSize, (_, cancellationToken) => _forBatches.AcquireAsync(1, cancellationToken));

    /// <summary>Has a body of many items keep a place as a large one does, however small it is, until it is disposed.</summary>
    /// <exception cref="BadHttpRequestException">Too many are being read or taken (429), also when none comes free in time.</exception>
    public async Task HoldPlace(HttpRequest request, Body body)
    {
        if (body.Place is not null)
            return;

        using var patience = new CancellationTokenSource(Patience, clock);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted, patience.Token);
        try
        {
            body.Place = await TakePlace(_forBatches.AcquireAsync(1, leave.Token));
        }
        catch (OperationCanceledException late) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException("Too many large bodies are being taken.", StatusCodes.Status429TooManyRequests, late);
        }
    }

    /// <summary>Reads a receipt to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="longest">The most bytes it may have.</param>
    /// <param name="account">The account it is for; null for the API.</param>
    /// <exception cref="BadHttpRequestException">
    /// It is longer (413), too slow (408), too many are being read (429), or it is cut off or framed wrongly (400).
    /// </exception>
    public Task<Body> Read(HttpRequest request, long longest, string? account) =>
        Read(
            request,
            longest,
            (address, cancellationToken) =>
                account is null
                    ? _forTheApi.AcquireAsync(1, cancellationToken)
                    : _forAccounts.AcquireAsync((account, CallerNetwork.Of(address)), 1, cancellationToken)
        );

    async Task<Body> Read(HttpRequest request, long longest, Func<IPAddress?, CancellationToken, ValueTask<RateLimitLease>> acquire)
    {
        var context = request.HttpContext;
        if (request.ContentLength > longest)
            throw TooLarge(context);

        // What a caller announces is not had before it comes.
        var body = new Body((int)Math.Min(request.ContentLength ?? Usual, Usual) + 1);
        using var patience = new CancellationTokenSource(PatienceForSmall, clock);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, patience.Token);
        try
        {
            while (await Read(request.Body, body.Rest, leave.Token) is var read and > 0)
            {
                body.Advance(read);
                if (body.Length > longest)
                    throw TooLarge(context);
                if (body.Length == request.ContentLength)
                    break;

                if (body.Length > Small && body.Place is null)
                {
                    patience.CancelAfter(Patience);
                    body.Place = await TakePlace(acquire(context.Connection.RemoteIpAddress, leave.Token));
                    body.Reserve((int)Math.Min(request.ContentLength ?? 0, longest));
                }

                body.MakeRoom();
            }

            return body;
        }
        catch (OperationCanceledException late) when (patience.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            body.Dispose();
            // The rest is not waited for either.
            context.Response.Headers.Connection = "close";
            throw new BadHttpRequestException("The body took too long.", StatusCodes.Status408RequestTimeout, late);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _forTheApi.Dispose();
        _forBatches.Dispose();
        _forAccounts.Dispose();
    }

    static BadHttpRequestException TooLarge(HttpContext context)
    {
        // What is still to come is thrown away, and not for ever.
        context.Response.Headers.Connection = "close";
        return new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
    }

    static async ValueTask<int> Read(Stream stream, Memory<byte> rest, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(rest, cancellationToken);
        }
        catch (Exception exception) when (exception is not (BadHttpRequestException or OperationCanceledException))
        {
            // Nothing but the caller's own framing is between the stream and us: a chunk size that is no number, a connection that is gone.
            throw new BadHttpRequestException("The body is framed wrongly or cut off.", StatusCodes.Status400BadRequest, exception);
        }
    }

    async ValueTask<Place> TakePlace(ValueTask<RateLimitLease> acquired)
    {
        var lease = await acquired;
        if (lease.IsAcquired)
            return new Place(this, lease);

        lease.Dispose();
        throw new BadHttpRequestException("Too many large bodies are being read.", StatusCodes.Status429TooManyRequests);
    }

    static ConcurrencyLimiterOptions Of(int places, int line) =>
        new()
        {
            PermitLimit = places,
            QueueLimit = line,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        };

    /// <summary>The right to read a large body.</summary>
    internal sealed class Place : IDisposable
    {
        readonly RequestBodies _bodies;
        readonly RateLimitLease _lease;

        public Place(RequestBodies bodies, RateLimitLease lease)
        {
            (_bodies, _lease) = (bodies, lease);
            Interlocked.Increment(ref bodies._large);
        }

        public void Dispose()
        {
            Interlocked.Decrement(ref _bodies._large);
            _lease.Dispose();
        }
    }

    /// <summary>A body that was read. Its bytes are somebody else's once it is disposed.</summary>
    internal sealed class Body(int size) : IDisposable
    {
        byte[] _bytes = ArrayPool<byte>.Shared.Rent(size);

        public int Length { get; private set; }

        public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

        internal Memory<byte> Rest => _bytes.AsMemory(Length);

        internal Place? Place { get; set; }

        internal void Advance(int read) => Length += read;

        internal void MakeRoom()
        {
            if (Length == _bytes.Length)
                Reserve(_bytes.Length * 2);
        }

        internal void Reserve(int size)
        {
            if (size <= _bytes.Length)
                return;

            var larger = ArrayPool<byte>.Shared.Rent(size);
            Memory.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        public void Dispose()
        {
            Place?.Dispose();
            Place = null;
            if (_bytes.Length > 0)
                ArrayPool<byte>.Shared.Return(_bytes);
            (_bytes, Length) = ([], 0);
        }
    }
}
