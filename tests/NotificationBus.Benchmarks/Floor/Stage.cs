using System.Threading.Channels;
using NotificationBus.Benchmarks.Load;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace NotificationBus.Benchmarks.Floor;

/// <summary>Takes what waits in a queue as one batch, and acknowledges it when everything it causes is safe.</summary>
sealed class Stage<T>(IChannel intake, IChannel outlet, Func<IReadOnlyList<T>, IChannel, Task> work) : IAsyncDisposable
{
    const int Prefetch = 1_000;
    const int LargestBatch = 500;

    readonly Channel<(ulong Tag, T Message)> _waiting = Channel.CreateUnbounded<(ulong, T)>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }
    );
    Task _running = Task.CompletedTask;

    /// <summary>Begins to work on a queue.</summary>
    /// <param name="connection">A connection of the stage's own, which ends with it.</param>
    /// <param name="queue">The queue; declared here.</param>
    /// <param name="read">Reads a message, whose memory is the client's own.</param>
    /// <param name="work">Does the work of a batch and publishes what it causes; returns when all of it is safe.</param>
    public static async Task<Stage<T>> Start(
        IConnection connection,
        string queue,
        Func<ReadOnlySpan<byte>, T> read,
        Func<IReadOnlyList<T>, IChannel, Task> work
    )
    {
        var stage = new Stage<T>(await connection.CreateChannelAsync(), await connection.CreateChannelAsync(Publisher.Confirmed), work);
        await stage.Consume(queue, read);
        stage._running = stage.Run();
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _running;
        await intake.DisposeAsync();
        await outlet.DisposeAsync();
    }

    async Task Consume(string queue, Func<ReadOnlySpan<byte>, T> read)
    {
        await intake.BasicQosAsync(prefetchSize: 0, Prefetch, global: false);
        var consumer = new AsyncEventingBasicConsumer(intake);
        consumer.ReceivedAsync += (_, message) =>
        {
            _waiting.Writer.TryWrite((message.DeliveryTag, read(message.Body.Span)));
            return Task.CompletedTask;
        };
        await intake.BasicConsumeAsync(queue, autoAck: false, consumer);
    }

    async Task Run()
    {
        try
        {
            var batch = new List<T>(LargestBatch);
            while (await _waiting.Reader.WaitToReadAsync())
            {
                var last = 0ul;
                batch.Clear();
                while (batch.Count < LargestBatch && _waiting.Reader.TryRead(out var next))
                {
                    batch.Add(next.Message);
                    last = next.Tag;
                }

                await work(batch, outlet);
                await intake.BasicAckAsync(last, multiple: true);
            }
        }
        catch (Exception failed)
        {
            // A benchmark does not wait out an outage. What was not acknowledged comes again to whoever is started next.
            await Console.Error.WriteLineAsync($"{failed}");
            Environment.Exit(1);
        }
    }
}
