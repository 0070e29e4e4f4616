using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

[Collection(nameof(RabbitMqToHurt))]
public sealed class When_a_host_is_killed(BusAndDatabase servers, RabbitMqToHurt own)
{
    const int Count = 150;
    const int Concurrency = 8;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);
    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_deliver_everything_and_repeat_no_more_than_was_in_flight()
    {
        var (broker, database) = await servers.CreateBoth();
        // 300 mails, 8 at a time: some four seconds of work, and every kill meets mails that the server has and the host does not know of.
        await using var mail = await MailServer.Start(TimeSpan.FromMilliseconds(100));
        var settings = new Dictionary<string, string>(mail.Settings, StringComparer.Ordinal)
        {
            ["Channels:email:Concurrency"] = $"{Concurrency}",
        };
        await using var record = new The_record(database);

        await using (var first = await HostProcess.Start(broker, database, settings))
        {
            var producing = ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
            await KillAfter(first, mails: 30);
            await producing;
        }

        await using (var second = await HostProcess.Start(broker, database, settings))
            await KillAfter(second, mails: 120);

        (await record.Notifications("status = 'delivered'")).ShouldBeLessThan(4 * Count, "the host was to be killed in the middle");

        await using var third = await HostInProcess.Start(broker, database, settings);
        await record.UntilDelivered(4 * Count, Soon);
        // A command that came twice and met itself at work was put off until the claim would run out, in three minutes.
        await record.LetAllBeDue();
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        (await record.Notifications()).ShouldBe(4 * Count);

        var mailsOf = (await mail.Mails()).ToLookup(mail => DeliveryOf(mail));
        mailsOf.Count.ShouldBe(2 * Count, "every seller gets the mail of the order and that of the chat");
        var repeated = mailsOf.Where(mails => mails.Count() > 1).ToList();
        repeated.Sum(mails => mails.Count() - 1).ShouldBeLessThanOrEqualTo(2 * Concurrency);
        foreach (var mails in repeated)
        {
            (
                await record.Scalar<long>($"SELECT count(*) FROM delivery_attempt WHERE delivery_id = '{mails.Key}' AND status = 'InDoubt'")
            ).ShouldBeGreaterThanOrEqualTo(mails.Count() - 1, "each repetition has the attempt that made it necessary on record");
        }

        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt WHERE status = 'Started'")).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);

        async Task KillAfter(HostProcess host, int mails)
        {
            await record.Some($"SELECT count(*) / {mails} FROM delivery_attempt WHERE channel = 'email' AND status = 'Accepted'", Soon);
            await host.Kill();
            await record.UntilAlone(Soon);
            await record.LetClaimsRunOut();
        }
    }

    [Fact]
    public async Task Should_have_another_host_announce_the_outcome_it_had_stored()
    {
        const string Outcomes = "outcomes";
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using (var killed = await HostProcess.Start(broker, database))
        {
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", "1"]);
            await record.UntilDelivered(4, Soon);
            // What the broker has not written down as done comes again after it was killed.
            await rabbit.HasNothingLeft(broker, "notifications", Soon);
            await The_broker.Copy(broker, "NotificationBus.Contracts:NotificationDelivered", Outcomes);
            await rabbit.WriteDownDeclarations();
            await using (await record.HoldBackNewNotifications())
            {
                await using (var producer = await PlainAmqpProducer.Connect(broker))
                {
                    await producer.Publish(
                        "OrderShipped",
                        new JsonObject
                        {
                            ["eventId"] = "shipped-4711",
                            ["orderId"] = "4711",
                            ["product"] = "Blue ceramic bowl",
                            ["buyer"] = new JsonObject { ["id"] = "buyer-7", ["pushTokens"] = new JsonArray("phone-7") },
                            ["seller"] = new JsonObject { ["id"] = "seller-42" },
                        }
                    );
                }

                await record.Some(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
                    Soon
                );
                rabbit.Freeze();
            }

            // All steps go into the record, and the outcome into a broker that will not remember it.
            await record.UntilDelivered(5, TimeSpan.FromMinutes(1));
            await killed.Kill();
        }

        await rabbit.Kill();
        await rabbit.Restart();
        await The_broker.Has(1, broker, "notifications", Soon);
        await The_broker.Has(0, broker, Outcomes, Soon);

        await using var another = await HostInProcess.Start(broker, database);

        try
        {
            await The_broker.Has(1, broker, Outcomes, Soon);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}\n{another.Output}", late);
        }

        await The_broker.HasNothingToDo(broker, Soon);
        (await record.Deliveries("status <> 'sent' OR attempts <> 1")).ShouldBe(0);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    /// <summary>The delivery's id is the local part of the Message-ID.</summary>
    static Guid DeliveryOf(Mail mail) => Guid.Parse(mail.MessageId.Trim('<', '>').Split('@')[0]);
}
