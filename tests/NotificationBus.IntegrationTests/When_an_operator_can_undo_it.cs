using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>A7: whatever an operator has taken away and gives back is an outage: waited out, never set aside, never sent twice.</summary>
public sealed class When_an_operator_can_undo_it(BusAndDatabase servers)
{
    const int Count = 5;

    // A worker that holds an outcome which it cannot record says nothing, and tries again.
    const string HeldOutcomes = "SELECT count(*) FROM delivery_attempt WHERE status = 'Started'";

    // What an operator adds to the tables may break as well.
    const string AuditWithoutItsFunction = """
        CREATE FUNCTION elsewhere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM gone(); RETURN NEW; END $$;
        CREATE TRIGGER elsewhere BEFORE INSERT ON delivery_attempt FOR EACH ROW EXECUTE FUNCTION elsewhere()
        """;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    /// <summary>A7: privileges, tables, columns, functions, sign-in, limits, one after the other on the same host.</summary>
    [Fact]
    public async Task Should_wait_it_out()
    {
        var (broker, owner) = await servers.CreateBoth();
        var (database, user) = await When_a_server_only_reads.RoleOf(owner);
        await using var record = new The_record(owner);
        (string Sign, string Broken, string Mended)[] things =
        [
            (
                "42501",
                $"REVOKE SELECT, INSERT, UPDATE ON notification, notification_key, delivery_attempt FROM {user}",
                $"GRANT ALL ON notification, notification_key, delivery_attempt TO {user}"
            ),
            (HeldOutcomes, $"REVOKE UPDATE ON delivery_attempt FROM {user}", $"GRANT ALL ON delivery_attempt TO {user}"),
            ("42P01", "ALTER TABLE notification_key RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO notification_key"),
            ("42P01", $"REVOKE USAGE ON SCHEMA public FROM {user}, PUBLIC", $"GRANT USAGE ON SCHEMA public TO {user}, PUBLIC"),
            (
                HeldOutcomes,
                "ALTER TABLE delivery_attempt RENAME COLUMN provider_message_id TO elsewhere",
                "ALTER TABLE delivery_attempt RENAME COLUMN elsewhere TO provider_message_id"
            ),
            ("42883", AuditWithoutItsFunction, "DROP TRIGGER elsewhere ON delivery_attempt; DROP FUNCTION elsewhere"),
            (
                "23502",
                "ALTER TABLE delivery_attempt ADD COLUMN note text NOT NULL DEFAULT ''; ALTER TABLE delivery_attempt "
                    + "ALTER COLUMN note DROP DEFAULT",
                "ALTER TABLE delivery_attempt DROP COLUMN note"
            ),
            (
                "23503",
                "CREATE TABLE elsewhere (id uuid PRIMARY KEY); ALTER TABLE notification_key ADD CONSTRAINT elsewhere FOREIGN KEY (id) "
                    + "REFERENCES elsewhere NOT VALID",
                "DROP TABLE elsewhere CASCADE"
            ),
            (
                "23505",
                "DO $$ BEGIN EXECUTE format('CREATE UNIQUE INDEX elsewhere ON notification_key ((1)) WHERE "
                    + "created_at > %L', now()); END $$",
                "DROP INDEX elsewhere"
            ),
            ("28P01", $"ALTER ROLE {user} PASSWORD 'another'", $"ALTER ROLE {user} PASSWORD 'canary'"),
            ("28000", $"ALTER ROLE {user} NOLOGIN", $"ALTER ROLE {user} LOGIN"),
            ("53300", $"ALTER ROLE {user} CONNECTION LIMIT 0", $"ALTER ROLE {user} CONNECTION LIMIT -1"),
        ];
        await using var host = await HostInProcess.Start(broker, database);
        await using var producer = await PlainAmqpProducer.Connect(broker);
        foreach (var ((sign, broken, mended), round) in things.Select((thing, round) => (thing, round)))
        {
            await Change(record, broken);
            await record.EndSessionsOf(user);
            for (var number = 0; number < Count; number++)
                await producer.Publish("OrderShipped", When_the_standby_hangs.Shipment($"{round}-{number}"));
            if (sign == HeldOutcomes)
                await record.Some(sign, Soon);
            else
                await host.Output.Line(line => line.Contains(sign, StringComparison.Ordinal)).WaitAsync(Soon);
            await Change(record, mended);

            await record.UntilDelivered((round + 1) * Count, Soon);
            (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0, broken);
        }

        (await record.Deliveries("attempts <> 1")).ShouldBe(0, "nothing was sent twice");
        await The_broker.ShouldHaveNoStrays(broker);
    }

    // Whoever changes a table while it is written to may be the one that PostgreSQL gives up, and asks again.
    static async Task Change(The_record record, string sql)
    {
        while (true)
        {
            try
            {
                await record.Execute(sql);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.DeadlockDetected)
            {
                await Task.Delay(100);
            }
        }
    }
}
