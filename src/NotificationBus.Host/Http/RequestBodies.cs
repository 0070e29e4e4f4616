using System.Buffers;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
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

    /// <summary>The most large receipts for one account that are read at the same time.</summary>
    public const int LargeForAnAccount = 8;

    /// <summary>The most of those that are one caller's.</summary>
    public const int LargeOfACaller = 4;

    /// <summary>The largest body that needs no place, in bytes.</summary>
    public const int Small = 64 * 1024;

    /// <summary>The longest a small body may take, or the beginning of a large one.</summary>
    public static readonly TimeSpan PatienceForSmall = TimeSpan.FromSeconds(5);

    /// <summary>The longest a large body may take, from its need of a place on.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // One more is told to come again: whoever waits in line waits with an open connection.
    const int LongestLine = 128;

    const int Usual = 4 * 1024;

    readonly ConcurrencyLimiter _forTheApi = new(Of(LargeAtOnce, LongestLine));

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

    /// <summary>Reads a receipt to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="longest">The most bytes it may have.</param>
    /// <param name="account">The account it is for; null for the API.</param>
    /// <exception cref="BadHttpRequestException">
    /// It is longer (413), too slow (408), too many are being read (429), or it is cut off or framed wrongly (400).
    /// </exception>
    public async Task<Body> Read(HttpRequest request, long longest, string? account)
    {
        var context = request.HttpContext;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = longest;

        // What a caller announces is not had before it comes.
        var body = new Body((int)Math.Min(request.ContentLength ?? Usual, Usual) + 1);
        using var patience = new CancellationTokenSource(PatienceForSmall, clock);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, patience.Token);
        try
        {
            while (await Read(request.Body, body.Rest, leave.Token) is var read and > 0)
            {
                body.Advance(read);
                if (body.Length == request.ContentLength)
                    break;

                if (body.Length > Small && body.Place is null)
                {
                    patience.CancelAfter(Patience);
                    body.Place = await TakePlace(account, context.Connection.RemoteIpAddress, leave.Token);
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
        _forAccounts.Dispose();
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

    async ValueTask<Place> TakePlace(string? account, IPAddress? address, CancellationToken cancellationToken)
    {
        var lease = account is null
            ? await _forTheApi.AcquireAsync(1, cancellationToken)
            : await _forAccounts.AcquireAsync((account, CallerNetwork.Of(address)), 1, cancellationToken);
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
