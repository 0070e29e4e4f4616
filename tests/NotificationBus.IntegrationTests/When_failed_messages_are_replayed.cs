using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Failures;
using NotificationBus.Providers.Controls;
using Npgsql;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

public sealed class When_failed_messages_are_replayed(BusAndDatabase servers)
{
    const string Shipped = "NotificationBus.Contracts:OrderShipped";

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_deliver_each_once_however_often_somebody_clicks()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        // The worker fails in a way nobody planned, and its orders are given up.
        await record.Execute("ALTER TABLE delivery_attempt ADD COLUMN nobody_fills integer DEFAULT (random()::text || 'x')::integer");
        for (var number = 0; number < 5; number++)
            await producer.Publish(
                Shipped,
                new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
                Poison.Event()
            );
        await producer.Publish(Shipped, new BasicProperties { Persistent = true }, "poison"u8.ToArray());
        await record.Until("SELECT count(*) FROM failed_message", 6, Soon);
        await record.Until("SELECT count(*) FROM notification_overview WHERE status = 'failed'", 5, Soon);
        await record.Execute("ALTER TABLE delivery_attempt DROP COLUMN nobody_fills");

        var causes = (await Get(host, "/causes")).GetProperty("causes").EnumerateArray().ToList();
        causes
            .Select(cause =>
                $"{cause.GetProperty("count")} {cause.GetProperty("kind")} {cause.GetProperty("queue")} {cause.GetProperty("reason")}"
            )
            .ShouldBe([
                "5 failed send-push PostgreSQL refused it (SQLSTATE 22P02)",
                "1 cannot-be-read notifications 'p' is an invalid start of a value. LineNumber: 0 | BytePositionInLine: 0.",
            ]);
        var cause = causes[0].GetProperty("cause").GetString();
        var one = (await Get(host, $"?cause={cause}")).GetProperty("failedMessages")[0].GetProperty("id").GetString();

        (await Post(host, $"/{one}/replay")).ShouldBe(1);
        (await Post(host, $"/{one}/replay")).ShouldBe(0);
        await record.UntilDelivered(1, Soon);
        var clicks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Post(host, "/replay", new { cause, by = "som" })));
        clicks.Order().ShouldBe([0, 0, 0, 4]);
        await record.UntilDelivered(5, Soon);
        (await record.Deliveries("status = 'sent' AND attempts = 1")).ShouldBe(5);
        (
            await record.Scalar<long>(
                "SELECT count(*) FROM failed_message WHERE state = 'Replayed' AND times = 1 AND replayed_by IN ('api', 'som')"
            )
        ).ShouldBe(5);

        // What fails again is the same message, once more.
        (await Post(host, "/replay", new { all = true })).ShouldBe(1);
        await record.Until("SELECT count(*) FROM failed_message WHERE state = 'Failed' AND times = 2 AND body = 'poison'", 1, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(6);
        (await Post(host, "/archive", new { all = true }, "archived")).ShouldBe(1);
        (await Post(host, "/replay", new { all = true })).ShouldBe(0);
        var archived = await record.Scalar<Guid>("SELECT id FROM failed_message WHERE state = 'Archived'");
        (await Post(host, $"/{archived}/replay")).ShouldBe(1);
        await record.Until("SELECT count(*) FROM failed_message WHERE state = 'Failed' AND times = 3 AND body = 'poison'", 1, Soon);
        await record.Until("SELECT count(*) FROM outgoing_message", 0, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_leave_the_message_as_it_was()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        var id = Guid.CreateVersion7();
        await producer.Publish(
            Shipped,
            new BasicProperties
            {
                ContentType = "application/x-theirs",
                MessageId = $"{id}",
                Persistent = true,
                Headers = new Dictionary<string, object?>(StringComparer.Ordinal) { ["tenant"] = "north", ["attempt"] = 3 },
            },
            [1, 2, 3]
        );
        await record.Until("SELECT count(*) FROM failed_message", 1, Soon);
        await The_broker.Copy(broker, "notifications", "witness");

        (await Post(host, "/replay", new { all = true })).ShouldBe(1);

        var replayed = await The_broker.Take(broker, "witness", Soon);
        replayed.Body.ToArray().ShouldBe([1, 2, 3]);
        replayed.BasicProperties.MessageId.ShouldBe($"{id}");
        replayed.BasicProperties.ContentType.ShouldBe("application/x-theirs");
        replayed.BasicProperties.Headers!["tenant"].ShouldBe("north"u8.ToArray());
        replayed.BasicProperties.Headers["attempt"].ShouldBe(3L);
    }

    /// <summary>An event that names no order is mended by an operator, and is the event it should have been: once, under its id.</summary>
    [Fact]
    public async Task Should_take_the_edited_body_in_the_place_of_the_one_that_came()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Operators:EditFailedMessages"] = "true" }
        );
        await using var producer = await PlainAmqpProducer.Connect(broker);
        var poison = JsonNode.Parse(Poison.Event())!.AsObject();
        var messageId = poison["messageId"]!.GetValue<string>();
        var good = poison.DeepClone();
        poison["message"]!.AsObject().Remove("buyer");
        var came = System.Text.Encoding.UTF8.GetBytes(poison.ToJsonString());
        await producer.Publish(Shipped, new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true }, came);
        await record.Until("SELECT count(*) FROM failed_message", 1, Soon);
        var id = await record.Scalar<Guid>("SELECT id FROM failed_message");

        // What is edited wrongly fails in its turn, and is a failed message of its own.
        var wrong = good.DeepClone();
        wrong["message"]!.AsObject().Remove("orderId");
        (
            await Post(
                host,
                $"/{id}/replay",
                new
                {
                    body = wrong,
                    by = "som",
                    why = "the buyer was missing",
                }
            )
        ).ShouldBe(1);
        await record.Until("SELECT count(*) FROM failed_message WHERE state = 'Failed'", 1, Soon);
        var next = await record.Scalar<Guid>($"SELECT id FROM failed_message WHERE state = 'Failed' AND edit_of = '{id}'");
        var clicks = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Post(
                        host,
                        $"/{next}/replay",
                        new
                        {
                            body = good,
                            by = "som",
                            why = "and the order was missing",
                        }
                    )
                )
        );

        clicks.Order().ShouldBe([0, 0, 0, 1]);
        await record.UntilDelivered(1, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(1);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message WHERE state = 'Replayed' AND times = 1")).ShouldBe(2);
        (await record.Scalar<byte[]>($"SELECT body FROM failed_message WHERE id = '{id}'")).ShouldBe(came);
        (await record.Scalar<string>($"SELECT message_id FROM failed_message WHERE id = '{next}'")).ShouldBe(messageId);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message_edit WHERE who = 'som'")).ShouldBe(2);
        await record.Until("SELECT count(*) FROM outgoing_message", 0, Soon);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_neither_replay_nor_archive_without_a_note_of_who_and_why()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        await sql.Execute(Failed(3));
        await sql.Execute("ALTER TABLE control_change ADD CHECK (who <> 'nobody')");
        var (failed, nobody) = (record.Of<IFailedMessages>(), new ChangedBy("nobody", "for no reason"));

        await Should.ThrowAsync<PostgresException>(failed.Archive(FailedMessageChoice.All, nobody, CancellationToken.None));
        await Should.ThrowAsync<PostgresException>(failed.Replay(FailedMessageChoice.All, nobody, CancellationToken.None));

        (await sql.Scalar<long>("SELECT count(*) FROM failed_message WHERE state = 'Failed'")).ShouldBe(3);
        (await sql.Scalar<long>("SELECT count(*) FROM outgoing_message")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_note_many_once_with_how_many_they_were()
    {
        const int Count = 250;
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        await sql.Execute(Failed(Count));
        var (failed, ann) = (record.Of<IFailedMessages>(), new ChangedBy("ann", "they are back"));

        (await failed.Replay(FailedMessageChoice.All, ann, CancellationToken.None)).ShouldBe(Count);
        (await failed.Replay(FailedMessageChoice.All, ann, CancellationToken.None)).ShouldBe(0);
        (await failed.Archive(FailedMessageChoice.All, ann, CancellationToken.None)).ShouldBe(0);

        var note = (await record.Host.Controls.Changes(ChangeFilter.All, limit: 10, CancellationToken.None)).ShouldHaveSingleItem();
        (note.Subject, note.Who, note.Why, note.After.GetProperty("replayed").GetInt32()).ShouldBe(
            ("failed messages", "ann", "they are back", Count)
        );
        (await sql.Scalar<long>("SELECT count(*) FROM outgoing_message")).ShouldBe(Count);
    }

    static string Failed(int count) =>
        $$"""
            INSERT INTO failed_message (id, kind, cause, reason, queue, destination, message_types, headers, body, failure_id)
            SELECT gen_random_uuid(), 'Failed', 'a cause', 'a reason', 'notifications', 'exchange:notifications', ARRAY[]::text[], '{}', '',
                gen_random_uuid() FROM generate_series(1, {{count}})
            """;

    static async Task<JsonElement> Get(HostInProcess host, string path) =>
        JsonDocument.Parse(await host.Client.GetStringAsync(new Uri($"/v1/failed-messages{path}", UriKind.Relative))).RootElement;

    static async Task<int> Post(HostInProcess host, string path, object? body = null, string answers = "replayed")
    {
        using var answer = body is null
            ? await host.Client.PostAsync(new Uri($"/v1/failed-messages{path}", UriKind.Relative), content: null)
            : await host.Client.PostAsJsonAsync($"/v1/failed-messages{path}", body);
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonDocument.Parse(text).RootElement.GetProperty(answers).GetInt32();
    }
}
