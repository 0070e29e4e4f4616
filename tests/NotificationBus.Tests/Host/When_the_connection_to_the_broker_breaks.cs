using System.Net;
using System.Net.Sockets;
using NotificationBus.Host.RabbitMq;

namespace NotificationBus.Tests.Host;

public sealed class When_the_connection_to_the_broker_breaks : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    // More than the buffers of both sides hold.
    static readonly byte[] Much = new byte[32 * 1024 * 1024];

    static readonly byte[] s_heartbeat = [8, 0, 0, 0, 0, 0, 0, 0xCE];

    readonly BrokerSocket _host = new(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), Patience);
    Socket _broker = null!;

    public async ValueTask InitializeAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepting = listener.AcceptSocketAsync();
        await _host.ConnectAsync(IPAddress.Loopback, ((IPEndPoint)listener.LocalEndpoint).Port, TestContext.Current.CancellationToken);
        _broker = await accepting;
    }

    public ValueTask DisposeAsync()
    {
        _host.Close();
        _broker.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Should_tell_the_reader_and_take_what_is_written_all_the_same()
    {
        var reading = Read();
        var writing = Write(Much);
        _broker.LingerState = new LingerOption(enable: true, seconds: 0);
        _broker.Close();

        await writing.WaitAsync(Soon);
        await ShouldBeTold(reading);
        await Write(Much).WaitAsync(Soon);
    }

    [Fact]
    public async Task Should_give_up_a_broker_that_stands_still()
    {
        var reading = Read();

        await Write(Much).WaitAsync(Soon);

        await ShouldBeTold(reading);
    }

    [Fact]
    public async Task Should_wait_for_a_broker_that_blocks_publishers_and_shows_that_it_is_there()
    {
        var writing = Write(Much);
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < 3 * Patience)
        {
            await _broker.SendAsync(s_heartbeat, SocketFlags.None);
            (await Read().WaitAsync(Soon)).ShouldBe(s_heartbeat.Length);
        }

        writing.IsCompleted.ShouldBeFalse();
        var buffer = new byte[64 * 1024];
        for (var taken = 0; taken < Much.Length; )
            taken += await _broker.ReceiveAsync(buffer, SocketFlags.None).WaitAsync(Soon);
        await writing.WaitAsync(Soon);
    }

    /// <summary>The end comes as a failure, or as nothing more to read.</summary>
    static async Task ShouldBeTold(Task<int> reading)
    {
        try
        {
            (await reading.WaitAsync(Soon)).ShouldBe(0);
        }
        catch (IOException)
        {
            // That is being told, too.
        }
    }

    Task<int> Read() => _host.GetStream().ReadAsync(new byte[16], TestContext.Current.CancellationToken).AsTask();

    Task Write(byte[] bytes) => _host.GetStream().WriteAsync(bytes, TestContext.Current.CancellationToken).AsTask();
}
