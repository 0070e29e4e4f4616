using System.Text.Json;
using NotificationBus.Benchmarks.Load;
using NotificationBus.Contracts;
using NotificationBus.Model;
using Npgsql;
using NpgsqlTypes;
using RabbitMQ.Client;
using IChannel = RabbitMQ.Client.IChannel;

namespace NotificationBus.Benchmarks.Floor;

/// <summary>
/// As little as will do: event, row and two commands; claim, call, outcome and result; result and row. Whatever is in a queue at
/// the moment is one statement, and is acknowledged after its commit and after the confirms of what it causes.
/// </summary>
sealed class FloorFlow : IAsyncDisposable
{
    const string Events = "floor-events";
    const string Results = "floor-results";

    static readonly BasicProperties Persistent = new() { ContentType = "application/json", Persistent = true };

    readonly NpgsqlDataSource _database;
    readonly InstantProvider _provider = new();
    readonly List<IAsyncDisposable> _parts = [];

    FloorFlow(string database) =>
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 20, AutoPrepareMinUsages = 2 });

    public static async Task<IAsyncDisposable> Start(Uri virtualHost, string database)
    {
        var flow = new FloorFlow(database);
        await flow.Declare(virtualHost);
        await flow.Listen(
            virtualHost,
            Events,
            message => JsonSerializer.Deserialize(message, FloorJson.Default.PlacedEnvelope)!.Message,
            flow.Begin
        );
        for (var channel = 0; channel < FloorSchema.Channels.Count; channel++)
            await flow.Listen(
                virtualHost,
                Commands(channel),
                message => JsonSerializer.Deserialize(message, FloorJson.Default.FloorCommand)!,
                flow.Send
            );
        await flow.Listen(
            virtualHost,
            Results,
            message => JsonSerializer.Deserialize(message, FloorJson.Default.FloorResult)!,
            flow.Complete
        );
        return flow;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in _parts)
            await part.DisposeAsync();
        await _database.DisposeAsync();
    }

    static string Commands(int channel) => $"floor-send-{FloorSchema.Channels[channel]}";

    async Task Declare(Uri virtualHost)
    {
        await using var tables = _database.CreateCommand(FloorSchema.Tables);
        await tables.ExecuteNonQueryAsync();

        await using var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var queue in Enumerable.Range(0, FloorSchema.Channels.Count).Select(Commands).Concat([Events, Results]))
            await channel.QueueDeclareAsync(
                queue,
                durable: true,
                exclusive: false,
                autoDelete: false,
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["x-queue-type"] = "quorum" }
            );
        await channel.ExchangeDeclareAsync("NotificationBus.Contracts:OrderPlaced", ExchangeType.Fanout, durable: true);
        await channel.QueueBindAsync(Events, "NotificationBus.Contracts:OrderPlaced", "");
    }

    async Task Listen<T>(Uri virtualHost, string queue, Func<ReadOnlySpan<byte>, T> read, Func<IReadOnlyList<T>, IChannel, Task> work)
    {
        var connection = await new ConnectionFactory { Uri = virtualHost }.CreateConnectionAsync();
        _parts.Add(await Stage<T>.Start(connection, queue, read, work));
        _parts.Add(connection);
    }

    async Task Begin(IReadOnlyList<OrderPlaced> orders, IChannel outlet)
    {
        var ids = orders.Select(order => DeterministicId.From("notification", "order-placed", order.EventId!, order.Seller.Id)).ToArray();
        await using (var insert = _database.CreateCommand(FloorSchema.Insert))
        {
            insert.Parameters.Add(new() { Value = ids });
            insert.Parameters.Add(new() { Value = orders.Select(order => order.EventId!).ToArray() });
            insert.Parameters.Add(new() { Value = orders.Select(order => order.Seller.Id).ToArray() });
            insert.Parameters.Add(
                new()
                {
                    Value = orders.Select(order => JsonSerializer.Serialize(order.Seller, FloorJson.Default.Contact)).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
                }
            );
            insert.Parameters.Add(
                new()
                {
                    Value = orders.Select(order => JsonSerializer.Serialize(order, FloorJson.Default.OrderPlaced)).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json,
                }
            );
            await insert.ExecuteNonQueryAsync();
        }

        // Also for what was there already: whoever inserted it may have died before it published.
        await Task.WhenAll(
            orders.SelectMany(
                (order, number) =>
                    FloorSchema.Channels.Select(
                        (name, channel) =>
                            Publish(
                                outlet,
                                Commands(channel),
                                JsonSerializer.SerializeToUtf8Bytes(
                                    new FloorCommand(
                                        ids[number],
                                        DeterministicId.From("delivery", $"{ids[number]:N}", name),
                                        channel,
                                        order
                                    ),
                                    FloorJson.Default.FloorCommand
                                )
                            )
                    )
            )
        );
    }

    async Task Send(IReadOnlyList<FloorCommand> commands, IChannel outlet)
    {
        var deliveries = commands.DistinctBy(command => command.DeliveryId).ToDictionary(command => command.DeliveryId);
        var sent = await Claim([.. deliveries.Values]);
        var answers = sent.Select(id => Call(deliveries[id])).ToArray();
        await using (var settle = _database.CreateCommand(FloorSchema.Settle))
        {
            settle.Parameters.Add(new() { Value = sent });
            settle.Parameters.Add(new() { Value = answers });
            await settle.ExecuteNonQueryAsync();
        }

        // Also for what had been sent before: whoever sent it may have died before it said so.
        await Task.WhenAll(
            deliveries.Values.Select(command =>
                Publish(
                    outlet,
                    Results,
                    JsonSerializer.SerializeToUtf8Bytes(
                        new FloorResult(command.NotificationId, command.Channel),
                        FloorJson.Default.FloorResult
                    )
                )
            )
        );
    }

    async Task<Guid[]> Claim(FloorCommand[] commands)
    {
        await using var claim = _database.CreateCommand(FloorSchema.Claim);
        claim.Parameters.Add(new() { Value = commands.Select(command => command.DeliveryId).ToArray() });
        claim.Parameters.Add(new() { Value = commands.Select(command => command.NotificationId).ToArray() });
        claim.Parameters.Add(new() { Value = commands.Select(command => FloorSchema.Channels[command.Channel]).ToArray() });
        await using var reader = await claim.ExecuteReaderAsync();
        var claimed = new List<Guid>(commands.Length);
        while (await reader.ReadAsync())
            claimed.Add(reader.GetGuid(0));
        return [.. claimed];
    }

    string Call(FloorCommand command) =>
        FloorSchema.Channels[command.Channel] == "email"
            ? _provider.Send(command.Event.Seller.Email!, Texts.Email(command.Event))
            : _provider.Send(command.Event.Seller.PushTokens[0], Texts.Push(command.Event));

    async Task Complete(IReadOnlyList<FloorResult> results, IChannel outlet)
    {
        // One row may have several results in a batch, and a statement writes each row once.
        var sent = new Dictionary<Guid, int>(results.Count);
        foreach (var result in results)
            sent[result.NotificationId] = sent.GetValueOrDefault(result.NotificationId) | (1 << result.Channel);

        await using var complete = _database.CreateCommand(FloorSchema.Complete);
        complete.Parameters.Add(new() { Value = sent.Keys.ToArray() });
        complete.Parameters.Add(new() { Value = sent.Values.ToArray() });
        await complete.ExecuteNonQueryAsync();
    }

    static Task Publish(IChannel outlet, string queue, byte[] body) =>
        outlet.BasicPublishAsync("", queue, mandatory: true, Persistent, body).AsTask();
}
