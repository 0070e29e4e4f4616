using System.Net;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Tells whether a request had begun to leave when it broke. Over HTTP/1.1 the handler writes a request in the flow of the call that makes
/// it, over the stream that <see cref="Watch(Stream)"/> has put between it and the connection, above TLS: a handshake does not count. Over
/// HTTP/2 requests share a connection, and somebody else writes it: there, a request has begun to leave when its body is asked for.
/// </summary>
sealed class RequestTrace
{
    static readonly AsyncLocal<RequestTrace?> Current = new();

    /// <summary>True when a write of the request came through. A first write that failed has left nothing on the way.</summary>
    public bool Written { get; private set; }

    /// <summary>Begins to watch the request, which must be the one that is made next in this flow.</summary>
    public static RequestTrace Begin(HttpRequestMessage request)
    {
        var trace = new RequestTrace();
        var isAlone = request.Version.Major == 1;
        // The connection that others share may be opened in this flow, and what is written then is no request.
        Current.Value = isAlone ? trace : null;
        if (!isAlone)
            request.Content = new WatchedContent(request.Content ?? new ByteArrayContent([]), trace);
        return trace;
    }

    /// <summary>A stream that tells the request being written.</summary>
    public static Stream Watch(Stream connection) => new WatchedStream(connection);

    /// <summary>A service cannot act on a request whose body has not begun, as it has not seen its end.</summary>
    sealed class WatchedContent : HttpContent
    {
        readonly HttpContent _content;
        readonly RequestTrace _trace;

        public WatchedContent(HttpContent content, RequestTrace trace)
        {
            _content = content;
            _trace = trace;
            foreach (var (name, values) in content.Headers)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            _trace.Written = true;
            return _content.CopyToAsync(stream, context, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _content.Headers.ContentLength ?? 0;
            return _content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _content.Dispose();
            base.Dispose(disposing);
        }
    }

    sealed class WatchedStream(Stream connection) : Stream
    {
        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await connection.WriteAsync(buffer, cancellationToken);
            Current.Value?.Written = true;
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count)
        {
            connection.Write(buffer, offset, count);
            Current.Value?.Written = true;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            connection.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            connection.ReadAsync(buffer, offset, count, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => connection.Read(buffer, offset, count);

        public override void Flush() => connection.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                connection.Dispose();
            base.Dispose(disposing);
        }
    }
}
