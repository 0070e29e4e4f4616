using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using RabbitMQ.Client;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// The way to the broker, encrypted or not. Its writing side never fails: the reading side tells that the connection is lost, and what is
/// written afterwards is dropped. Its reading side gives nothing that the client cannot read: see <see cref="InboundFrames"/>, for which it
/// is encrypted here.
/// </summary>
/// <remarks>
/// The writer of RabbitMQ.Client ends with the first write that fails. Then nobody empties its queue of 128 frames any more, and
/// whoever waits for room in it holds the lock that closing the channel needs: the connection is never closed, nobody is told,
/// and every publish hangs (rabbitmq-dotnet-client 1930; seen with 7.1.2 in 8 of 75 connections that were reset under load,
/// in none of 75 with a trial of this). What is dropped is lost with the connection anyway: no confirm of it was received.
/// </remarks>
/// <param name="socket">The socket, to be connected.</param>
/// <param name="patience">
/// How long a write may wait while nothing is read. A broker that blocks publishers takes no bytes and still sends heartbeats; one that
/// sends nothing either is gone.
/// </param>
/// <param name="encryption">How it is encrypted; null when it is not.</param>
sealed class BrokerSocket(Socket socket, TimeSpan patience, SslClientAuthenticationOptions? encryption = null) : ITcpClient
{
    Stream? _wire;
    NetworkStream? _stream;

    public static BrokerSocket Create(AddressFamily family, SslClientAuthenticationOptions? encryption = null) =>
        new(new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, 3 * RabbitMqTransport.Heartbeat, encryption);

    public bool Connected => socket.Connected;

    public Socket Client => socket;

    public TimeSpan ReceiveTimeout
    {
        get => TimeSpan.FromMilliseconds(socket.ReceiveTimeout);
        set => socket.ReceiveTimeout = (int)value.TotalMilliseconds;
    }

    public async Task ConnectAsync(IPAddress host, int port, CancellationToken cancellationToken = default)
    {
        await socket.ConnectAsync(host, port, cancellationToken);
        if (encryption is null)
            return;

        var encrypted = new SslStream(new NetworkStream(socket));
        _wire = encrypted;
        await encrypted.AuthenticateAsClientAsync(encryption, cancellationToken);
    }

    public NetworkStream GetStream() => _stream ??= new BrokerStream(socket, _wire ??= new NetworkStream(socket), patience);

    public void Close()
    {
        _wire?.Dispose();
        socket.Dispose();
    }

    public void Dispose() => Close();

    sealed class BrokerStream(Socket socket, Stream wire, TimeSpan patience) : NetworkStream(socket, ownsSocket: true)
    {
        readonly InboundFrames _frames = new(wire);
        long _lastRead = Environment.TickCount64;
        bool _isLost;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await _frames.Read(buffer, cancellationToken);
            Volatile.Write(ref _lastRead, Environment.TickCount64);
            return read;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isLost)
                return;

            try
            {
                var write = wire.WriteAsync(buffer, cancellationToken);
                if (write.IsCompleted)
                    await write;
                else
                    await WhileSomethingIsRead(write.AsTask());
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or TimeoutException)
            {
                _isLost = true;
                // Whoever reads finds out.
                Socket.Dispose();
            }
        }

        async Task WhileSomethingIsRead(Task write)
        {
            while (!write.IsCompleted)
            {
                var silence = TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _lastRead));
                if (silence >= patience)
                    throw new TimeoutException();

                await write.WaitAsync(patience - silence).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await write;
        }
    }
}
