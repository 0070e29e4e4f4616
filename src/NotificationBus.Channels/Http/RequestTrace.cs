namespace NotificationBus.Channels.Http;

/// <summary>
/// Tells whether a request had begun to leave when it broke. The handler writes a request in the flow of the call that makes it, over the
/// stream that <see cref="Watch"/> has put between it and the connection, above TLS: a handshake does not count.
/// </summary>
sealed class RequestTrace
{
    static readonly AsyncLocal<RequestTrace?> Current = new();

    /// <summary>True when a write of the request came through. A first write that failed has left nothing on the way.</summary>
    public bool Written { get; private set; }

    /// <summary>Begins to watch the request that is made next in this flow.</summary>
    public static RequestTrace Begin() => Current.Value = new RequestTrace();

    /// <summary>A stream that tells the request being written.</summary>
    public static Stream Watch(Stream connection) => new WatchedStream(connection);

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

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => connection.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => connection.ReadAsync(buffer, offset, count, cancellationToken);

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
