using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Email;
using NotificationBus.Client;
using NotificationBus.Contracts;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Host;

namespace NotificationBus.Tests.Client;

/// <summary>18.3: what a .NET team writes, against the whole host.</summary>
public sealed class When_a_service_uses_the_client(RunningHost host) : IClassFixture<RunningHost>
{
    static readonly OrderPlaced Order = new()
    {
        OrderId = "4711",
        Product = "Blue ceramic bowl",
        Total = new Money(590, "THB"),
        Buyer = new Contact { Id = "buyer-7", Name = "Nok" },
        Seller = new Contact
        {
            Id = "seller-42",
            Name = "Som",
            Email = "som@example.com",
        },
    };

    [Fact]
    public async Task Should_tell_the_recipient_and_read_what_became_of_it()
    {
        await using var services = Services(host.Client.BaseAddress!);
        var eventId = $"order-placed-{Guid.NewGuid():N}";

        var sent = (
            await services
                .GetRequiredService<INotifications>()
                .Send(Order with { EventId = eventId }, TestContext.Current.CancellationToken)
        ).ShouldHaveSingleItem();

        var notification = await Ended(services, sent.Id);
        (notification.Status, notification.Category, notification.EventId).ShouldBe(("delivered", "order-placed", eventId));
        var delivery = notification.Deliveries.ShouldHaveSingleItem();
        (delivery.Channel, delivery.Status, delivery.Provider).ShouldBe(("email", "sent", "sandbox"));
        host.Inbox.Since(0)
            .Single(caught => caught.Delivery.NotificationId == sent.Id)
            .Delivery.Content.ShouldBeOfType<EmailContent>()
            .Subject.ShouldContain("4711");
    }

    [Fact]
    public async Task Should_read_along_what_becomes_of_one_and_of_all_that_fit()
    {
        using var enough = new CancellationTokenSource(RunningHost.Patience);
        await using var services = Services(host.Client.BaseAddress!);
        var (notifications, reader) = (services.GetRequiredService<INotifications>(), services.GetRequiredService<INotificationReader>());
        var filter = new NotificationEventFilter { Events = ["notification.delivered"], Key = $"order:{Guid.NewGuid():N}" };
        var order = Order with { OrderId = filter.Key["order:".Length..], EventId = $"order-placed-{Guid.NewGuid():N}" };
        var first = await Heard(filter, after: null, order);

        var all = new List<NotificationEvent>();
        await foreach (var told in reader.Watch(first.NotificationId, cancellationToken: enough.Token))
            all.Add(told);
        var second = await Heard(new NotificationEventFilter(), first.Id, order with { EventId = $"order-placed-{Guid.NewGuid():N}" });

        all.Select(told => told.Type).ShouldBe(["delivery.sent", "notification.delivered"]);
        all.ShouldAllBe(told => told.NotificationId == first.NotificationId);
        first.Data.GetProperty("keys").GetProperty("order").GetString().ShouldBe(order.OrderId);
        second.NotificationId.ShouldNotBe(first.NotificationId, "what came after the event, of the same order");
        second.Type.ShouldBe("notification.delivered", "with the filter that the stream was opened with");
        await Should.ThrowAsync<NotificationRefusedException>(async () => await Heard(filter with { Category = "no-such" }, null, order));
        await Should.ThrowAsync<NotificationRefusedException>(async () =>
            await reader.Watch(Guid.NewGuid(), cancellationToken: enough.Token).FirstAsync(enough.Token)
        );

        // What is sent before it is open is not told: it is sent until something is heard.
        async Task<NotificationEvent> Heard(NotificationEventFilter which, string? after, OrderPlaced happened)
        {
            using var heard = CancellationTokenSource.CreateLinkedTokenSource(enough.Token);
            var hearing = reader.WatchMany(which, after, heard.Token).FirstAsync(heard.Token).AsTask();
            for (var again = 0; !hearing.IsCompleted; again++)
            {
                await notifications.Send(happened with { EventId = $"{happened.EventId}-{again}" }, enough.Token);
                await Task.WhenAny(hearing, Task.Delay(200, enough.Token));
            }

            return await hearing;
        }
    }

    [Fact]
    public async Task Should_begin_one_notification_when_the_service_sends_the_same_event_again()
    {
        await using var services = Services(host.Client.BaseAddress!);
        var notifications = services.GetRequiredService<INotifications>();
        var order = Order with { EventId = $"order-placed-{Guid.NewGuid():N}" };

        var first = await notifications.Send(order, TestContext.Current.CancellationToken);
        var second = await notifications.Send(order, TestContext.Current.CancellationToken);

        second.ShouldHaveSingleItem().Id.ShouldBe(first.ShouldHaveSingleItem().Id);
    }

    [Fact]
    public async Task Should_ask_by_category_and_cancel()
    {
        await using var services = Services(host.Client.BaseAddress!);
        var notifications = services.GetRequiredService<INotifications>();
        var request = new NotificationRequested
        {
            EventId = $"hours-{Guid.NewGuid():N}",
            Category = "announcement",
            Recipient = new Contact { Id = "seller-42", Email = "som@example.com" },
            Data = System.Text.Json.JsonSerializer.SerializeToElement(new { title = "Hours", text = "Open on Sunday." }),
        };

        var sent = (await notifications.Send(request, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        await Ended(services, sent.Id);

        (await notifications.Cancel(sent.Id, "shop", "it was sold", TestContext.Current.CancellationToken)).ShouldBe(Cancellation.TooLate);
    }

    [Fact]
    public async Task Should_withdraw_by_key_and_by_the_event_that_says_so()
    {
        await using var services = Services(host.Client.BaseAddress!);
        var notifications = services.GetRequiredService<INotifications>();
        var order = $"{Guid.NewGuid():N}";
        var sent = (
            await notifications.Send(Order with { EventId = order, OrderId = order }, TestContext.Current.CancellationToken)
        ).ShouldHaveSingleItem();
        await Ended(services, sent.Id);

        var withdrawal = (
            await notifications.Withdraw(
                new WithdrawNotifications
                {
                    Key = $"order:{order}",
                    Categories = ["order-placed"],
                    By = "shop",
                    Why = "it was cancelled",
                },
                TestContext.Current.CancellationToken
            )
        ).ShouldNotBeNull();
        (await notifications.Send(new OrderPaid { OrderId = order }, TestContext.Current.CancellationToken)).ShouldBeEmpty();

        (withdrawal.Withdrawn, withdrawal.Sent, withdrawal.InDoubt, withdrawal.IsComplete).ShouldBe((0, 1, 0, true));
        withdrawal.Before.ShouldBeGreaterThan(TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task Should_say_what_is_wrong_with_an_event()
    {
        await using var services = Services(host.Client.BaseAddress!);

        var refusal = await Should.ThrowAsync<NotificationRefusedException>(
            services
                .GetRequiredService<INotifications>()
                .Send(Order with { Total = new Money(590, "THBX") }, TestContext.Current.CancellationToken)
        );

        (refusal.Status, refusal.Errors.Keys).ShouldSatisfyAllConditions(
            found => found.Status.ShouldBe(400),
            found => found.Keys.ShouldContain("total.currency")
        );
        refusal.Message.ShouldContain("total.currency");
    }

    [Fact]
    public async Task Should_find_nothing_where_there_is_nothing()
    {
        await using var services = Services(host.Client.BaseAddress!);

        (
            await services.GetRequiredService<INotificationReader>().Find(Guid.NewGuid(), TestContext.Current.CancellationToken)
        ).ShouldBeNull();
    }

    /// <summary>A 404 of whoever else is there is no answer about the record.</summary>
    [Fact]
    public async Task Should_not_take_a_wrong_address_for_nothing_on_record()
    {
        await using var services = Services(new Uri(host.Client.BaseAddress!, "/elsewhere"));

        var refusal = await Should.ThrowAsync<NotificationRefusedException>(
            services.GetRequiredService<INotificationReader>().Find(Guid.NewGuid(), TestContext.Current.CancellationToken)
        );

        refusal.Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("200 OK", Cancellation.Cancelled)]
    [InlineData("202 Accepted", Cancellation.Asked)]
    [InlineData("409 Conflict", Cancellation.TooLate)]
    public async Task Should_tell_what_came_of_a_cancellation(string answer, Cancellation expected)
    {
        await using var server = new ScriptedHttpServer();
        server.Answers(answer, "{}", "Content-Type: application/json\r\n");
        await using var services = Services(new Uri(server.Url, "/"));

        var cancelled = await services
            .GetRequiredService<INotifications>()
            .Cancel(Guid.NewGuid(), "shop", "it was sold", TestContext.Current.CancellationToken);

        cancelled.ShouldBe(expected);
    }

    [Theory]
    [InlineData("503 Service Unavailable", "Retry-After: 0\r\n")]
    [InlineData("429 Too Many Requests", "")]
    [InlineData("502 Bad Gateway", "Content-Type: text/html\r\n")]
    [InlineData("202 Accepted", "Content-Type: text/html\r\n")]
    [InlineData("200 OK", "Content-Type: application/json\r\n", "{}")]
    [InlineData("200 OK", "Content-Type: application/json\r\n", """{"notifications":[{}]}""")]
    [InlineData("200 OK", "Content-Type: application/json\r\n", """{"events":[]}""")]
    [InlineData("302 Found", "Location: /elsewhere\r\n")]
    public async Task Should_try_again_under_the_same_id_what_fails_in_passing(string answer, string headers, string body = "<html>")
    {
        await using var server = new ScriptedHttpServer();
        server.Answers(answer, body, headers);
        await using var services = Services(new Uri(server.Url, "/"), key: "nb_shop_1_secret\n");

        var sending = services.GetRequiredService<INotifications>().Send(Order, TestContext.Current.CancellationToken);
        await Until(() => server.Requests.Count >= 2);
        server.Answers(
            "202 Accepted",
            """{"notifications":[{"id":"bef19e04-04cd-899c-967f-1bf1e90e95e6","status":"accepted","new":1}]}""",
            "Content-Type: application/json\r\n"
        );

        (await sending).ShouldHaveSingleItem().Id.ShouldBe(Guid.Parse("bef19e04-04cd-899c-967f-1bf1e90e95e6"));
        server
            .Requests.Select(request => request.Body)
            .Distinct(StringComparer.Ordinal)
            .ShouldHaveSingleItem()
            .ShouldContain("\"eventId\":\"");
        server.Requests.ShouldAllBe(request => request.Head.Contains("Authorization: Bearer nb_shop_1_secret", StringComparison.Ordinal));
        server.Requests.ShouldAllBe(request => request.Head.StartsWith("POST /v1/events/order-placed ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "")]
    // Longer than a timer lasts.
    [InlineData(false, "Retry-After: 99999999\r\n")]
    [InlineData(false, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n")]
    public async Task Should_give_up_when_its_patience_is_over(bool isSilent, string headers)
    {
        await using var server = new ScriptedHttpServer();
        if (!isSilent)
            server.Answers("503 Service Unavailable", "", headers);
        await using var services = Services(new Uri(server.Url, "/"), patience: TimeSpan.FromSeconds(1));

        var exception = await Should.ThrowAsync<NotificationNotAcceptedException>(
            services.GetRequiredService<INotifications>().Send(Order, TestContext.Current.CancellationToken)
        );

        if (!isSilent)
            exception.Message.ShouldContain("503");
    }

    [Fact]
    public async Task Should_not_try_again_what_is_refused()
    {
        await using var server = new ScriptedHttpServer();
        server.Answers(
            "403 Forbidden",
            """{"type":"forbidden","title":"The key may not send"}""",
            "Content-Type: application/problem+json\r\n"
        );
        await using var services = Services(new Uri(server.Url, "/"));

        var refusal = await Should.ThrowAsync<NotificationRefusedException>(
            services.GetRequiredService<INotifications>().Send(Order, TestContext.Current.CancellationToken)
        );

        (refusal.Status, refusal.Type, refusal.Message).ShouldBe((403, "forbidden", "403 The key may not send"));
        server.Requests.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("NotificationBus:Url", null, "NotificationBus:Url: name the address of the API")]
    [InlineData("NotificationBus:Url", "ftp://example.com", "NotificationBus:Url: name the address of the API")]
    [InlineData("NotificationBus:ApiKey", "two words", "NotificationBus:ApiKey: must be one word")]
    [InlineData("NotificationBus:Patience", "00:00:00", "NotificationBus:Patience: must be from 00:00:01 to 00:10:00")]
    public void Should_refuse_settings_that_cannot_work(string setting, string? value, string because)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["NotificationBus:Url"] = "http://localhost:8080" };
        settings[setting] = value;
        using var services = Services(settings);

        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<INotifications>()).Message.ShouldContain(because);
    }

    static ServiceProvider Services(Uri url, string? key = null, TimeSpan? patience = null) =>
        Services(
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["NotificationBus:Url"] = $"{url}",
                ["NotificationBus:ApiKey"] = key,
                ["NotificationBus:Patience"] = $"{patience ?? TimeSpan.FromSeconds(60)}",
            }
        );

    static ServiceProvider Services(IReadOnlyDictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddNotificationBus();
        return services.BuildServiceProvider(validateScopes: true);
    }

    static async Task<Notification> Ended(ServiceProvider services, Guid id)
    {
        Notification? found = null;
        await Until(async () => (found = await services.GetRequiredService<INotificationReader>().Find(id))?.CompletedAt is not null);
        return found!;
    }

    static Task Until(Func<bool> condition) => Until(() => Task.FromResult(condition()));

    static async Task Until(Func<Task<bool>> condition)
    {
        using var over = new CancellationTokenSource(RunningHost.Patience);
        while (!await condition())
            await Task.Delay(10, over.Token);
    }
}
