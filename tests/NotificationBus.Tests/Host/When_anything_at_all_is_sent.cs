using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Contracts;
using NotificationBus.Host.Http;
using NotificationBus.Messaging;
using NotificationBus.Receipts;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

/// <summary>
/// B: random hostile bodies, to every route and as every message. Whatever they are, they cost little, nobody fails, and of what is refused
/// nothing is kept. The same ones in every run: another seed finds others.
/// </summary>
[Collection(nameof(ProcessorTime))]
public sealed partial class When_anything_at_all_is_sent(RunningHost host) : IClassFixture<RunningHost>
{
    const string Many = "/batch";
    const int Samples = 150;
    const ulong Seed = 20261129;

    // 50 ms is what is promised; this is a machine that others use, and the time of the test itself is in it.
    static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(100);

    static readonly string[] Parameters =
    [
        "limit",
        "after",
        "before",
        "channel",
        "address",
        "category",
        "status",
        "state",
        "recipient",
        "queue",
        "cause",
        "by",
        "why",
        "x",
    ];

    /// <summary>B: quadratic work</summary>
    [Fact]
    public async Task Should_answer_every_body_soon()
    {
        var calls =
            from route in Gen.Elements(Routes("POST", "PUT", "PATCH").ToArray())
            from body in Hostile.Body(ExamplesFor(route.Path))
            select (route.Method, route.Path, Body: body);
        await Task.WhenAll(Occurrence.ByName.Select(one => host.Post(Occurrence.AddressOf(one.Key), one.Value)));

        foreach (var (method, path, body) in calls.Sample(Samples, new Rnd(Seed), Samples))
        {
            var before = await Kept();
            Answer? answer = null;
            var bytes = Encoding.UTF8.GetBytes(body);
            var took = await ProcessorTime.Of(
                Bound,
                async () => answer = await host.Send(new HttpMethod(method), path, RunningHost.Json(bytes))
            );

            var what =
                $"{method} {path} {body[..Math.Min(200, body.Length)]} … ({body.Length}): {answer!.Status} "
                + $"{answer.Body[..Math.Min(300, answer.Body.Length)]}";
            ((int)answer.Status).ShouldBeLessThan(500, what);
            took.ShouldBeLessThan(Bound, what);
            if ((int)answer.Status >= 400)
                (await Kept()).ShouldBe(before, what);
            else if (answer.Status == HttpStatusCode.Accepted && answer.Json.TryGetProperty("notifications", out _))
                await Taken(answer.Self);
            else if (answer.Status == HttpStatusCode.Accepted && answer.Json.TryGetProperty("links", out var links))
                await Taken(links.GetProperty("self").GetString()!);
            else if (path.EndsWith(Many, StringComparison.Ordinal))
            {
                foreach (var item in answer.Json.GetProperty("items").EnumerateArray())
                {
                    if (item.TryGetProperty("notification", out var begun) && begun.ValueKind == JsonValueKind.Object)
                        await Taken(begun.GetProperty("links").GetProperty("self").GetString()!);
                }
            }
        }
    }

    /// <summary>B: an exception nobody planned</summary>
    [Fact]
    public async Task Should_answer_every_query_soon()
    {
        var calls =
            // A stream that is open does not end.
            from route in Gen.Elements(Routes("GET", "DELETE").Where(route => route.Path != EventStreamsApi.Path).ToArray())
            from count in Gen.Choose(0, 4)
            from query in Gen.ArrayOf(
                from name in Gen.Elements(Parameters)
                from text in Hostile.Text
                select $"{name}={Uri.EscapeDataString(Cut(text.Trim('"')))}",
                count
            )
            select (route.Method, Path: $"{route.Path}?{string.Join('&', query)}");

        foreach (var (method, path) in calls.Sample(Samples, new Rnd(Seed), Samples))
        {
            Answer? answer = null;
            var took = await ProcessorTime.Of(Bound, async () => answer = await host.Send(new HttpMethod(method), path));

            ((int)answer!.Status).ShouldBeLessThan(500, path);
            took.ShouldBeLessThan(Bound, path);
        }
    }

    /// <summary>B: quadratic work, on the bus</summary>
    [Fact]
    public async Task Should_take_or_set_aside_every_message_soon()
    {
        var received = new Received();
        using var connected = host.Bus.ConnectReceiveObserver(received);
        var messages =
            from message in Gen.Elements(Messages().ToArray())
            from body in Hostile.Body([message.Example])
            select (message.Type, message.Queue, Body: body);

        foreach (var (type, queue, body) in messages.Sample(Samples, new Rnd(Seed), Samples))
        {
            var envelope = Encoding.UTF8.GetBytes($$"""{"messageId":"{{Guid.NewGuid()}}","messageType":["{{type}}"],"message":{{body}}}""");
            var endpoint = await host.Bus.GetSendEndpoint(new Uri($"exchange:{queue}"));
            var took = await ProcessorTime.Of(
                Bound,
                async () =>
                {
                    var before = received.Count;
                    await endpoint.Send(new Anything(), send => send.Serializer = new AsItIs(envelope));
                    await Until(() => received.Count > before);
                }
            );

            took.ShouldBeLessThan(Bound, $"{type} {body[..Math.Min(200, body.Length)]} … ({body.Length})");
        }

        await Taken((await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"])).Self);
    }

    /// <summary>Every route that takes the method, by what the host has mapped.</summary>
    IEnumerable<(string Method, string Path)> Routes(params string[] methods) =>
        from endpoint in host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let route = $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}"
        where route != "/inbox/stream"
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        where methods.Contains(method, StringComparer.Ordinal)
        from path in route.Contains("{name}", StringComparison.Ordinal)
            ? Occurrence.ByName.Keys.Select(name => route.Replace("{name}", name, StringComparison.Ordinal))
            : [route]
        select (
            method,
            Parameter()
                .Replace(
                    path,
                    parameter =>
                        parameter.Value.Contains("guid", StringComparison.Ordinal) ? $"{Guid.Empty}"
                        : parameter.Value.Contains("long", StringComparison.Ordinal) ? "1"
                        : parameter.Value == "{channel}" ? "email"
                        : parameter.Value == "{category}" ? "order-shipped"
                        : "sandbox"
                )
        );

    static string[] ExamplesFor(string path) =>
        path.EndsWith(Many, StringComparison.Ordinal) ? [.. ExamplesFor(path[..^Many.Length]).Select(example => $"[{example}]")]
        : path.StartsWith("/v1/events/", StringComparison.Ordinal) ? [Occurrence.ByName[path["/v1/events/".Length..]]]
        : path == Occurrence.Announcement ? [Occurrence.ByName["notification-requested"]]
        : path == "/v1/suppressions"
            ? ["""{"channel":"email","address":"a@example.com","category":"order-placed","by":"ann","why":"a test"}"""]
        : path.EndsWith("/breaker", StringComparison.Ordinal)
            ? ["""{"minimumCalls":8,"failureShare":0.9,"openFor":"00:00:30","halfOpenCalls":3,"by":"ann","why":"a test"}"""]
        : path.StartsWith("/v1/event-types/", StringComparison.Ordinal)
            ? ["""{"switch":"on","channels":["push"],"mode":"all-at-once","lifetime":"1.00:00:00","by":"ann","why":"a test"}"""]
        : path.StartsWith("/v1/providers/", StringComparison.Ordinal)
            ? ["""{"switch":"on","weight":1,"perSecond":1000,"by":"ann","why":"a test"}"""]
        : path.StartsWith("/v1/channels/", StringComparison.Ordinal)
            ? ["""{"paused":false,"order":["sandbox"],"by":"ann","why":"a test"}"""]
        : path == "/v1/repairs" ? ["""{"filter":{"status":"failed","key":"order:4711"},"limit":10,"by":"ann","why":"a test"}"""]
        : path.StartsWith("/v1/repairs/", StringComparison.Ordinal)
            ? ["""{"perSecond":1,"limit":1,"by":"ann","why":"a test"}""", """{"by":"ann","why":"a test"}"""]
        : path == "/v1/subscriptions"
            // Whatever is taken here would be called. This is refused last, for where it is.
            ? ["""{"url":"https://127.0.0.1/hook","events":["notification.failed"],"categories":["order-placed"],"by":"ann"}"""]
        : path.StartsWith("/v1/subscriptions/", StringComparison.Ordinal)
            ?
            [
                """{"graceSeconds":60,"by":"ann","why":"a test"}""",
                """{"since":"2026-11-30T09:00:00Z","by":"ann","why":"a test"}""",
                """{"events":["delivery.sent"],"categories":[],"enabled":true,"by":"ann","why":"a test"}""",
            ]
        : ["""{"decision":"failed","cause":"x","by":"ann","why":"a test"}""", """{"all":true,"by":"ann","why":"a test"}"""];

    /// <summary>Every message the flow takes, with one that is right.</summary>
    static IEnumerable<(string Type, string Queue, string Example)> Messages()
    {
        var (saga, email) = (SagaEndpoint.QueueOf(Lane.Transactional), ChannelEndpoint.QueueOf("email", Lane.Transactional));
        foreach (var (name, example) in Occurrence.ByName)
            yield return (
                Urn(typeof(Contact).Assembly.GetTypes().Single(type => JsonNamingPolicy.KebabCaseLower.ConvertName(type.Name) == name)),
                saga,
                example
            );

        const string Ids =
            "\"notificationId\":\"6b8f1c9e-0000-4000-8000-000000000001\",\"deliveryId\":\"6b8f1c9e-0000-4000-8000-000000000002\"";
        yield return (Urn(typeof(CancelNotification)), saga, $$"""{{{Ids}},"by":"ann","why":"a test"}""");
        yield return (Urn(typeof(DecideDelivery)), saga, $$"""{{{Ids}},"decision":"failed","why":"a test"}""");
        foreach (
            var type in (Type[])
                [
                    typeof(DeliverySent),
                    typeof(DeliveryFailed),
                    typeof(DeliveryExpired),
                    typeof(DeliveryHeld),
                    typeof(DeliveryCancelled),
                    typeof(DeliveryReceiptReceived),
                ]
        )
            yield return (
                Urn(type),
                saga,
                $$"""{{{Ids}},"provider":"sandbox","providerMessageId":"1","reason":"a test","attempts":"""
                    + """1,"kind":"confirmed","at":"2026-11-29T00:00:00Z"}"""
            );
        yield return (
            Urn(typeof(DeliveryResults)),
            saga,
            $$$"""{"results":[{"messageId":"6b8f1c9e-0000-4000-8000-000000000003","sent":{{{{Ids}}},"provider":"sandbox"}}]}"""
        );
        yield return (
            Urn(typeof(LocateReceipt)),
            ReceiptEndpoint.Queue,
            """{"provider":"sandbox","tries":3,"receipt":"""
                + """{"kind":"confirmed","id":"1","at":"2026-11-29T00:00:00Z","providerMessageId":"1","reason":"x"}}"""
        );
        yield return (
            Urn(typeof(SendDelivery)),
            email,
            $$"""
            {{{Ids}},"channel":"email","address":"a@example.com","category":"announcement","recipientId":"r","recipientName":"R",
             "locale":"en","data":{"title":"t","text":"t"},"expiresAt":"2030-01-01T00:00:00Z"}
            """
        );
    }

    static string Urn(Type type) => MessageUrn.ForTypeString(type);

    /// <summary>The newest of everything that is kept for good.</summary>
    async Task<string> Kept()
    {
        var newest = new StringBuilder();
        foreach (
            var (path, list, id) in new[]
            {
                ("/v1/notifications", "notifications", "id"),
                ("/v1/changes", "changes", "number"),
                ("/v1/suppressions", "suppressions", "createdAt"),
            }
        )
            newest
                .AppendJoin(
                    ' ',
                    (await host.Get($"{path}?limit=1")).Json.GetProperty(list).EnumerateArray().Select(one => one.GetProperty(id))
                )
                .Append('\n');
        return newest.ToString();
    }

    /// <summary>Not its outcome: a call before may have paused the channel.</summary>
    Task<JsonElement> Taken(string self) => host.Until(self, notification => notification.GetProperty("status").GetString() != "accepted");

    static async Task Until(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (!condition())
            await Task.Delay(1, patience.Token);
    }

    static string Cut(string text) => text.Length <= 1_500 ? text.Replace("\\ud800", "", StringComparison.Ordinal) : text[..1_500];

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    public sealed record Anything;

    sealed class AsItIs(byte[] body) : IMessageSerializer
    {
        public System.Net.Mime.ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new BytesMessageBody(body);
    }

    /// <summary>Counts what has been taken off the queues, whatever became of it.</summary>
    sealed class Received : IReceiveObserver
    {
        int _count;

        public int Count => Volatile.Read(ref _count);

        public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

        public Task PostReceive(ReceiveContext context)
        {
            Interlocked.Increment(ref _count);
            return Task.CompletedTask;
        }

        public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
            where T : class => Task.CompletedTask;

        public Task ReceiveFault(ReceiveContext context, Exception exception)
        {
            Interlocked.Increment(ref _count);
            return Task.CompletedTask;
        }
    }
}
