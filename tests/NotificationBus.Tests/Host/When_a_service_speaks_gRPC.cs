using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Grpc.Reflection.V1Alpha;
using NotificationBus.Access;
using NotificationBus.Contracts;
using NotificationBus.Host.Grpc.V1;
using NotificationBus.Host.Http;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using Contact = NotificationBus.Host.Grpc.V1.Contact;
using Type = System.Type;
using V1 = NotificationBus.Host.Grpc.V1;

namespace NotificationBus.Tests.Host;

public sealed class When_a_service_speaks_gRPC(HostWithGrpc grpc) : IClassFixture<HostWithGrpc>
{
    readonly V1.Notifications.NotificationsClient _client = new(grpc.Channel);

    /// <summary>What a message has to name: a property that it does not is lost without a word.</summary>
    public static TheoryData<Type, string> Mirrors =>
        new()
        {
            { typeof(NotificationRequested), nameof(NotificationRequest) },
            { typeof(Contracts.Contact), nameof(V1.Contact) },
            { typeof(Contracts.EmailExtras), nameof(V1.EmailExtras) },
            { typeof(Contracts.Attachment), nameof(V1.Attachment) },
            { typeof(Contracts.PushExtras), nameof(V1.PushExtras) },
            { typeof(NotificationView), nameof(Notification) },
            { typeof(DeliveryView), nameof(Delivery) },
            { typeof(AttemptView), nameof(Attempt) },
            { typeof(Contracts.DeliveryDecision), nameof(V1.DeliveryDecision) },
            { typeof(Contracts.ChannelResult), nameof(V1.ChannelResult) },
            { typeof(NotificationBus.Notifications.NotificationSummary), nameof(V1.NotificationSummary) },
            { typeof(BatchItem), nameof(SendManyItem) },
            { typeof(TakenBatch), nameof(SendManyResponse) },
            { typeof(WithdrawalRequest), nameof(WithdrawRequest) },
            { typeof(WithdrawalAnswer), nameof(V1.Withdrawal) },
            { typeof(NotificationBus.Host.Http.WithdrawalPreview), nameof(V1.WithdrawalPreview) },
        };

    [Theory]
    [MemberData(nameof(Mirrors))]
    public void Should_name_all_that_the_HTTP_API_does(Type contract, string message) =>
        Described(message)
            .Fields.InDeclarationOrder()
            .Select(field => field.JsonName)
            // Over HTTP it is in the address.
            .Where(name => !(message == nameof(WithdrawRequest) && name == "application"))
            .ShouldBe(
                contract
                    .GetProperties()
                    .Where(property => property.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true).Length == 0)
                    .Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)),
                ignoreOrder: true
            );

    [Fact]
    public async Task Should_send_and_tell_the_outcome_to_who_waits()
    {
        var sent = await _client.SendAsync(new SendRequest { Notification = Announcement(), WaitSeconds = 30 });

        sent.Notification.Status.ShouldBe("delivered");
        sent.Notification.Deliveries.Select(delivery => delivery.Status).ShouldBe(["sent", "not-needed"]);
        sent.Notification.Deliveries[0].Attempts.ShouldHaveSingleItem().Status.ShouldBe("accepted");
        var got = await _client.GetAsync(new GetRequest { Id = sent.Notification.Id });
        got.ShouldBe(sent.Notification);
    }

    [Fact]
    public async Task Should_be_the_same_notification_under_the_same_event_id()
    {
        var request = Announcement();
        request.EventId = $"{Guid.NewGuid()}";

        var first = await _client.SendAsync(new SendRequest { Notification = request });
        var second = await _client.SendAsync(new SendRequest { Notification = request });

        second.Accepted.Id.ShouldBe(first.Accepted.Id);
        request.Recipient.Email = "other@example.com";
        (await Refused(() => _client.SendAsync(new SendRequest { Notification = request }))).Reason.ShouldBe("another-event");
    }

    [Fact]
    public async Task Should_publish_an_event_of_a_service()
    {
        var published = await _client.PublishAsync(
            new PublishRequest { Name = "order-placed", Event = Struct.Parser.ParseJson(Occurrence.ByName["order-placed"]) }
        );

        var id = published.Notifications.ShouldHaveSingleItem().Id;
        (await grpc.Host.Outcome($"/v1/notifications/{id}")).GetProperty("status").GetString().ShouldBe("delivered");
    }

    [Fact]
    public async Task Should_take_many_each_for_itself()
    {
        var nobody = Announcement();
        nobody.Recipient.Id = "";
        var many = new SendManyRequest { Key = $"{Guid.NewGuid()}", Notifications = { Announcement(), nobody, Announcement("buyer-7") } };

        var taken = await _client.SendManyAsync(many);
        var again = await _client.SendManyAsync(many);

        (taken.Accepted, taken.Refused).ShouldBe((2, 1));
        taken.Items.Select(item => item.Status).ShouldBe([202, 400, 202]);
        taken.Items[1].Problem.Errors.Keys.ShouldBe(["recipient.id"]);
        again.Items.Select(item => item.Notification?.Id).ShouldBe(taken.Items.Select(item => item.Notification?.Id));
    }

    [Fact]
    public async Task Should_take_many_that_are_larger_than_one_may_be()
    {
        var many = new SendManyRequest();
        for (var i = 0; i < 300; i++)
        {
            var request = Announcement($"buyer-{i}");
            request.Data.Fields["text"] = Value.ForString(new string('a', 2_000));
            many.Notifications.Add(request);
        }

        many.CalculateSize().ShouldBeGreaterThan((int)HttpLimits.BodySize);
        (await _client.SendManyAsync(many)).Accepted.ShouldBe(300);
        var large = Announcement();
        large.Data.Fields["text"] = Value.ForString(new string('a', (int)HttpLimits.BodySize));
        (
            await Should.ThrowAsync<RpcException>(async () => await _client.SendAsync(new SendRequest { Notification = large }))
        ).StatusCode.ShouldNotBe(StatusCode.OK);
    }

    /// <summary>Each of two octets: what a hundred thousand of them become is not made to count them.</summary>
    [Fact]
    public async Task Should_refuse_more_items_than_a_call_may_have()
    {
        var many = new SendManyRequest();
        many.Notifications.AddRange(Enumerable.Range(0, BatchApi.MostItems + 1).Select(_ => new NotificationRequest()));

        var refusal = await Refused(() => _client.SendManyAsync(many));

        refusal.Code.ShouldBe(StatusCode.InvalidArgument);
        refusal.Reason.ShouldBeNull("it is refused before the API is asked");
    }

    [Fact]
    public async Task Should_unpack_nothing()
    {
        using var channel = GrpcChannel.ForAddress(
            grpc.Channel.Target.Contains("://") ? grpc.Channel.Target : $"http://{grpc.Channel.Target}"
        );
        var client = new V1.Notifications.NotificationsClient(channel);
        var packed = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        (await Refused(() => client.SendAsync(new SendRequest { Notification = Announcement() }, packed))).Code.ShouldBe(
            StatusCode.Unimplemented
        );
    }

    [Fact]
    public async Task Should_find_page_by_page()
    {
        var order = $"{Guid.NewGuid()}";
        var sent = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            var request = Announcement();
            request.Keys.Add("order", order);
            sent.Add((await _client.SendAsync(new SendRequest { Notification = request, WaitSeconds = 30 })).Notification.Id);
        }

        var find = new FindRequest { Key = $"order:{order}", Limit = 2 };
        var first = await _client.FindAsync(find);
        find.PageToken = first.NextPageToken;
        var second = await _client.FindAsync(find);

        first.Notifications.Count.ShouldBe(2);
        second.NextPageToken.ShouldBeEmpty();
        first.Notifications.Concat(second.Notifications).Select(one => one.Id).ShouldBe(sent.AsEnumerable().Reverse());
    }

    [Fact]
    public async Task Should_watch_until_all_is_told()
    {
        var sent = await _client.SendAsync(new SendRequest { Notification = Announcement() });

        var told = await Watched(sent.Accepted.Id);
        var rest = await Watched(sent.Accepted.Id, after: told[0].Id);

        told.Select(one => one.Type).ShouldBe(["delivery.sent", "notification.delivered"]);
        told[^1].Data.Fields["data"].StructValue.Fields["notificationId"].StringValue.ShouldBe(sent.Accepted.Id);
        rest.Select(one => one.Id).ShouldBe([told[1].Id]);
        (await Watched(sent.Accepted.Id, after: told[1].Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_watch_all_that_fit_from_the_moment_the_headers_have_come()
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        var request = new WatchManyRequest { Category = "announcement", Recipient = $"seller-{Guid.NewGuid():N}" };
        request.Events.Add("notification.delivered");
        using var watch = _client.WatchMany(request, cancellationToken: patience.Token);
        await watch.ResponseHeadersAsync;
        var (other, ours) = (Announcement(), Announcement());
        ours.Recipient.Id = request.Recipient;

        await _client.SendAsync(new SendRequest { Notification = other });
        var sent = await _client.SendAsync(new SendRequest { Notification = ours });
        (await watch.ResponseStream.MoveNext(patience.Token)).ShouldBeTrue();
        var told = watch.ResponseStream.Current;
        var again = await _client.SendAsync(new SendRequest { Notification = new NotificationRequest(ours) });
        using var later = _client.WatchMany(new WatchManyRequest { After = told.Id }, cancellationToken: patience.Token);
        (await later.ResponseStream.MoveNext(patience.Token)).ShouldBeTrue();

        told.Type.ShouldBe("notification.delivered");
        IdIn(told).ShouldBe(sent.Accepted.Id);
        IdIn(later.ResponseStream.Current).ShouldBe(again.Accepted.Id, "with the filter that it was opened with");

        static string IdIn(NotificationEvent told) => told.Data.Fields["data"].StructValue.Fields["notificationId"].StringValue;
    }

    [Fact]
    public async Task Should_withdraw_what_is_to_be_sent_later()
    {
        var request = Announcement();
        var order = $"{Guid.NewGuid()}";
        request.Keys.Add("order", order);
        request.Delay = "PT1H";
        var sent = await _client.SendAsync(new SendRequest { Notification = request });
        await grpc.Host.Until($"/v1/notifications/{sent.Accepted.Id}", one => one.GetProperty("status").GetString() == "sending");
        var withdraw = new WithdrawRequest
        {
            Key = $"order:{order}",
            Categories = { "announcement" },
            By = "Ann",
            Why = "paid",
        };

        var preview = await _client.WithdrawAsync(new WithdrawRequest(withdraw) { Preview = true });
        var withdrawn = await _client.WithdrawAsync(withdraw);

        preview.Preview.Found.ShouldBe(1);
        withdrawn.Withdrawal.Withdrawn.ShouldBePositive();
        (await grpc.Host.Outcome($"/v1/notifications/{sent.Accepted.Id}")).GetProperty("status").GetString().ShouldBe("cancelled");
    }

    [Fact]
    public async Task Should_cancel_what_is_to_be_sent_later()
    {
        var request = Announcement();
        request.Delay = "PT1H";
        var sent = await _client.SendAsync(new SendRequest { Notification = request });
        await grpc.Host.Until($"/v1/notifications/{sent.Accepted.Id}", one => one.GetProperty("status").GetString() == "sending");

        var cancelled = await _client.CancelAsync(
            new CancelRequest
            {
                Id = sent.Accepted.Id,
                By = "Ann",
                Why = "a mistake",
            }
        );

        cancelled.Status.ShouldBe("cancelled");
    }

    [Fact]
    public async Task Should_say_which_field_is_wrong()
    {
        var request = Announcement();
        request.Recipient.Email = "no address";
        request.Category = "nothing";

        var refusal = await Refused(() => _client.SendAsync(new SendRequest { Notification = request }));

        refusal.Code.ShouldBe(StatusCode.InvalidArgument);
        refusal.Reason.ShouldBe("validation");
        refusal.Fields.ShouldBe(["category", "recipient.email"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_answer_whatever_is_sent_with_a_code_and_never_with_an_error_of_its_own()
    {
        var nan = Announcement();
        nan.Data.Fields["rate"] = Value.ForNumber(double.NaN);
        var deep = Announcement();
        for (var (level, at) = (0, deep.Data); level < 90; level++)
            at = (at.Fields["a"] = Value.ForStruct(new Struct())).StructValue;

        (await Refused(() => _client.SendAsync(new SendRequest()))).Code.ShouldBe(StatusCode.InvalidArgument);
        (await Refused(() => _client.SendAsync(new SendRequest { Notification = nan }))).Code.ShouldBe(StatusCode.InvalidArgument);
        // The library's own: it is refused before anybody here reads it.
        (await Refused(() => _client.SendAsync(new SendRequest { Notification = deep }))).Code.ShouldBe(StatusCode.Unknown);
        (await Refused(() => _client.SendAsync(new SendRequest { Notification = Announcement(), WaitSeconds = -1 }))).Code.ShouldBe(
            StatusCode.InvalidArgument
        );
        (await Refused(() => _client.SendManyAsync(new SendManyRequest()))).Code.ShouldBe(StatusCode.InvalidArgument);
        var broken = new SendManyRequest { Key = "a\nb", Notifications = { Announcement() } };
        (await Refused(() => _client.SendManyAsync(broken))).Fields.ShouldBe([NotificationsApi.IdempotencyKey]);
        (await Refused(() => _client.GetAsync(new GetRequest { Id = "../keys" }))).Code.ShouldBe(StatusCode.InvalidArgument);
        (await Refused(() => _client.GetAsync(new GetRequest { Id = $"{Guid.NewGuid()}" }))).Reason.ShouldBe("unknown-notification");
        (await Refused(() => _client.PublishAsync(new PublishRequest { Name = ".." }))).Code.ShouldBe(StatusCode.NotFound);
        (await Refused(() => _client.PublishAsync(new PublishRequest { Name = "../notifications" }))).Code.ShouldBe(StatusCode.NotFound);
        (await Refused(() => _client.PublishAsync(new PublishRequest { Name = "OrderPlaced", Event = new Struct() }))).Reason.ShouldBe(
            "unknown-event"
        );
        (await Refused(() => _client.FindAsync(new FindRequest { PageToken = "after=x&limit=2#y" }))).Code.ShouldBe(
            StatusCode.InvalidArgument
        );
        (await Refused(() => _client.FindAsync(new FindRequest { From = "yesterday" }))).Fields.ShouldBe(["from"]);
        (
            await Refused(() =>
                _client.WithdrawAsync(
                    new WithdrawRequest
                    {
                        Key = "order:1",
                        Before = new Timestamp { Seconds = long.MaxValue },
                    }
                )
            )
        ).Code.ShouldBe(StatusCode.InvalidArgument);
        (await Should.ThrowAsync<RpcException>(() => Watched($"{Guid.NewGuid()}"))).StatusCode.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task Should_say_whether_it_works_and_what_there_is()
    {
        var health = await new Health.HealthClient(grpc.Channel).CheckAsync(new HealthCheckRequest());
        using var reflection = new ServerReflection.ServerReflectionClient(grpc.Channel).ServerReflectionInfo();
        await reflection.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" });
        await reflection.RequestStream.CompleteAsync();
        (await reflection.ResponseStream.MoveNext(CancellationToken.None)).ShouldBeTrue();

        health.Status.ShouldBe(HealthCheckResponse.Types.ServingStatus.Serving);
        reflection
            .ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name)
            .ShouldContain("notificationbus.v1.Notifications");
    }

    [Fact]
    public async Task Should_be_open_to_the_scope_of_the_call_alone()
    {
        await using var keyed = new HostWithGrpc { Settings = ["--Auth:Mode=Keys", $"--Auth:FirstKey={HostWithKeys.FirstKey}"] };
        await keyed.InitializeAsync();
        var client = new V1.Notifications.NotificationsClient(keyed.Channel);
        var issued = await keyed
            .Host.Of<KeyIssuer>()
            .Create("shop", "reader", [Scope.Read], new ChangedBy("Ann", "test"), CancellationToken.None);
        await keyed.Host.Of<KeyRing>().Refresh(CancellationToken.None);
        var send = new SendRequest { Notification = Announcement() };

        (await Refused(() => client.SendAsync(send))).Code.ShouldBe(StatusCode.Unauthenticated);
        (await Refused(() => client.SendAsync(send, As("nb_shop_0")))).Code.ShouldBe(StatusCode.Unauthenticated);
        (await Refused(() => client.SendAsync(send, As(issued.Text)))).Code.ShouldBe(StatusCode.PermissionDenied);
        (await client.FindAsync(new FindRequest(), As(issued.Text))).Notifications.ShouldBeEmpty();
        var call = client.SendAsync(send, As(HostWithKeys.FirstKey));
        (await call).Accepted.Id.ShouldNotBeEmpty();
        // Counted once, though it passes two doors.
        var left = call.GetTrailers().GetValue("ratelimit")!;
        var policy = call.GetTrailers().GetValue("ratelimit-policy")!;
        (Number(policy, "q=") - Number(left, "r=")).ShouldBe(1);
        (await new Health.HealthClient(keyed.Channel).CheckAsync(new HealthCheckRequest())).Status.ShouldBe(
            HealthCheckResponse.Types.ServingStatus.Serving
        );

        static int Number(string header, string name) =>
            int.Parse(
                new string([.. header[(header.IndexOf(name, StringComparison.Ordinal) + 2)..].TakeWhile(char.IsAsciiDigit)]),
                CultureInfo.InvariantCulture
            );
    }

    /// <summary>Two services with keys, and somebody who sees both.</summary>
    [Fact]
    public async Task Should_keep_the_applications_apart()
    {
        await using var keyed = new HostWithGrpc { Settings = ["--Auth:Mode=Keys", $"--Auth:FirstKey={HostWithKeys.FirstKey}"] };
        await keyed.InitializeAsync();
        var client = new V1.Notifications.NotificationsClient(keyed.Channel);
        var (cup, jar, all) = (await KeyOf("cup"), await KeyOf("jar"), As(HostWithKeys.FirstKey));
        var waits = Announcement("buyer-of-cup");
        (waits.EventId, waits.Delay) = ("one-event", "PT1H");
        waits.Keys.Add("order", "order-of-cup");
        var id = (await client.SendAsync(new SendRequest { Notification = waits }, cup)).Accepted.Id;
        var other = waits.Clone();
        other.Keys["order"] = "order-of-jar";
        (await client.SendAsync(new SendRequest { Notification = other }, jar)).Accepted.Id.ShouldNotBe(
            id,
            "one event id, two applications"
        );
        while ((await client.GetAsync(new GetRequest { Id = id }, cup)).Status == "accepted")
            await Task.Delay(10);

        // Of another one: as what is not there.
        var (get, watch) = (new GetRequest { Id = id }, new WatchRequest { Id = id });
        var cancel = new CancelRequest
        {
            Id = id,
            By = "eve",
            Why = "to see whether it is there",
        };
        (await Refused(() => client.GetAsync(get, jar))).Code.ShouldBe(StatusCode.NotFound);
        (await client.CancelAsync(cancel, jar)).Status.ShouldBe("cancelling", "as of one that is yet to come");
        (await client.GetAsync(get, cup)).Status.ShouldBe("sending");
        (
            await Should.ThrowAsync<RpcException>(async () => await client.Watch(watch, jar).ResponseStream.MoveNext(default))
        ).StatusCode.ShouldBe(StatusCode.NotFound);
        (await client.FindAsync(new FindRequest { Recipient = "buyer-of-cup" }, jar)).Notifications.ShouldNotContain(one => one.Id == id);
        var withdraw = new WithdrawRequest
        {
            Key = "order:order-of-cup",
            Categories = { "announcement" },
            Preview = true,
        };
        (await client.WithdrawAsync(withdraw, cup)).Preview.Statuses["sending"].ShouldBe(1);
        (await client.WithdrawAsync(withdraw, jar)).Preview.Statuses.ShouldBeEmpty();
        // Nobody gets further by naming the other one.
        get.Application = cancel.Application = watch.Application = withdraw.Application = "cup";
        var many = new SendManyRequest { Application = "cup", Notifications = { Announcement() } };
        foreach (
            var refused in (Func<Task<(StatusCode Code, string? Reason, IReadOnlyList<string> Fields)>>[])
                [
                    () => Refused(() => client.GetAsync(get, jar)),
                    () => Refused(() => client.CancelAsync(cancel, jar)),
                    () => Refused(() => client.WithdrawAsync(withdraw, jar)),
                    () => Refused(() => client.FindAsync(new FindRequest { Application = "cup" }, jar)),
                    () => Refused(() => client.SendAsync(new SendRequest { Application = "cup", Notification = Announcement() }, jar)),
                    () => Refused(() => client.SendManyAsync(many, jar)),
                ]
        )
        {
            var (code, reason, _) = await refused();
            (code, reason).ShouldBe((StatusCode.PermissionDenied, "of-one-application"));
        }

        // Whoever sees all names one, and has to where nothing else says whose it is.
        (await client.GetAsync(get, all)).Id.ShouldBe(id);
        (await Find("cup", all)).ShouldBe([id]);
        (await Find("jar", all)).ShouldNotContain(id);
        var sent = await client.SendAsync(
            new SendRequest
            {
                Application = "jar",
                Notification = Announcement(),
                WaitSeconds = 30,
            },
            all
        );
        (await Refused(() => client.GetAsync(new GetRequest { Id = sent.Notification.Id }, cup))).Code.ShouldBe(StatusCode.NotFound);
        (await client.GetAsync(new GetRequest { Id = sent.Notification.Id }, jar)).Status.ShouldBe("delivered");
        (await client.SendManyAsync(many, all)).Accepted.ShouldBe(1);
        (await client.WithdrawAsync(withdraw, all)).Preview.Statuses["sending"].ShouldBe(1);
        withdraw.Application = "";
        (await Refused(() => client.WithdrawAsync(withdraw, all))).Fields.ShouldBe(["application"]);
        (await client.CancelAsync(cancel, all)).Status.ShouldBe("cancelled");

        async Task<IReadOnlyList<string>> Find(string application, Metadata key) =>
            [
                .. (
                    await client.FindAsync(new FindRequest { Application = application, Recipient = "buyer-of-cup" }, key)
                ).Notifications.Select(one => one.Id),
            ];

        async Task<Metadata> KeyOf(string application)
        {
            var issued = await keyed
                .Host.Of<KeyIssuer>()
                .Create(application, "service", [Scope.Send, Scope.Read], new ChangedBy("Ann", "test"), CancellationToken.None);
            await keyed.Host.Of<KeyRing>().Refresh(CancellationToken.None);
            return As(issued.Text);
        }
    }

    static Metadata As(string key) => new() { { "Authorization", $"Bearer {key}" } };

    static NotificationRequest Announcement(string recipient = "seller-42") =>
        new()
        {
            Category = "announcement",
            Recipient = new Contact
            {
                Id = recipient,
                Email = $"{recipient}@example.com",
                PushTokens = { $"token-of-{recipient}" },
            },
            Data = Struct.Parser.ParseJson("""{"title":"Market closed","text":"On Monday."}"""),
        };

    async Task<List<NotificationEvent>> Watched(string id, string after = "")
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        using var watch = _client.Watch(new WatchRequest { Id = id, After = after }, cancellationToken: patience.Token);
        var told = new List<NotificationEvent>();
        await foreach (var one in watch.ResponseStream.ReadAllAsync(patience.Token))
            told.Add(one);
        return told;
    }

    static async Task<(StatusCode Code, string? Reason, IReadOnlyList<string> Fields)> Refused<T>(Func<AsyncUnaryCall<T>> call)
    {
        var refusal = await Should.ThrowAsync<RpcException>(async () => await call());
        var status = refusal.GetRpcStatus();
        return (
            refusal.StatusCode,
            status?.GetDetail<ErrorInfo>()?.Reason,
            status?.GetDetail<BadRequest>()?.FieldViolations.Select(one => one.Field).ToList() ?? []
        );
    }

    static MessageDescriptor Described(string message) =>
        NotificationsReflection.Descriptor.MessageTypes.Single(one => one.Name == message);
}

/// <summary>A host with a port for gRPC.</summary>
public sealed class HostWithGrpc : IAsyncLifetime
{
    internal RunningHost Host { get; private set; } = null!;

    public IReadOnlyList<string> Settings { get; init; } = [];

    public GrpcChannel Channel { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            var address = $"http://127.0.0.1:{FreePort()}";
            Host = new RunningHost { Settings = [$"--GrpcUrls={address}", .. Settings] };
            try
            {
                await Host.InitializeAsync();
                Channel = GrpcChannel.ForAddress(address);
                return;
            }
            catch (IOException) when (attempt < 5)
            {
                // Somebody else was faster.
                await Host.DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Host.DisposeAsync();
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
