using System.Globalization;
using System.IO.Pipelines;
using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using NotificationBus.Host.Access;
using NotificationBus.Host.Grpc.V1;
using NotificationBus.Host.Http;
using AcceptedNotification = NotificationBus.Host.Grpc.V1.AcceptedNotification;
using WithdrawalPreview = NotificationBus.Host.Grpc.V1.WithdrawalPreview;

namespace NotificationBus.Host.Grpc;

/// <summary>
/// <c>notificationbus.v1.Notifications</c>: each call is one of the HTTP API, in other words. So there is one way in, with one set of
/// rules, limits and errors, and what is new there is here once the messages name it.
/// </summary>
sealed class NotificationsService(InProcessCalls calls) : V1.Notifications.NotificationsBase
{
    const string Path = "/v1/notifications";

    static readonly JsonFormatter Writer = new(JsonFormatter.Settings.Default);

    static readonly JsonParser Reader = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(ignoreUnknownFields: true));

    // How many more calls there may be.
    static readonly string[] Said = ["RateLimit", "RateLimit-Policy"];

    static readonly TimeSpan BetweenReads = TimeSpan.FromSeconds(1);

    public override async Task<SendResponse> Send(SendRequest request, ServerCallContext context)
    {
        var (status, body) = await Ask(
            context,
            HttpMethod.Post,
            Of(request.Application, Path),
            Write(request.Notification ?? new NotificationRequest()),
            Preferences(request.WaitSeconds, request.Strict)
        );
        return status == StatusCodes.Status200OK
            ? new SendResponse { Notification = Read<Notification>(body) }
            : new SendResponse { Accepted = Read<AcceptedNotification>(body) };
    }

    public override async Task<SendManyResponse> SendMany(SendManyRequest request, ServerCallContext context)
    {
        var headers = Preferences(waitSeconds: 0, request.Strict);
        if (request.Key.Length > 0)
            headers = [.. headers, (NotificationsApi.IdempotencyKey, request.Key)];
        var items = new StringBuilder("[").AppendJoin(',', request.Notifications.Select(Write)).Append(']');
        var (_, body) = await Ask(context, HttpMethod.Post, Of(request.Application, BatchApi.Path), $"{items}", headers);
        return Read<SendManyResponse>(body);
    }

    public override async Task<PublishResponse> Publish(PublishRequest request, ServerCallContext context)
    {
        var (_, body) = await Ask(
            context,
            HttpMethod.Post,
            Of(request.Application, $"/v1/events/{Uri.EscapeDataString(request.Name)}"),
            Write(request.Event ?? new Struct()),
            Preferences(waitSeconds: 0, request.Strict)
        );
        return Read<PublishResponse>(body);
    }

    public override async Task<Notification> Get(GetRequest request, ServerCallContext context)
    {
        var (_, body) = await Ask(context, HttpMethod.Get, Of(request.Application, $"{Path}/{IdOf(request.Id)}"));
        return Read<Notification>(body);
    }

    public override async Task<FindResponse> Find(FindRequest request, ServerCallContext context)
    {
        var (_, body) = await Ask(context, HttpMethod.Get, $"{Path}{QueryOf(request)}");
        var found = Read<FindResponse>(body);
        using var page = JsonDocument.Parse(body);
        if (page.RootElement.TryGetProperty("next", out var next))
            found.NextPageToken = next.GetString()!.Split('?', 2)[1];
        return found;
    }

    public override async Task<Notification> Cancel(CancelRequest request, ServerCallContext context)
    {
        var id = IdOf(request.Id);
        var without = new CancelRequest(request) { Id = "", Application = "" };
        var (status, body) = await Ask(context, HttpMethod.Post, Of(request.Application, $"{Path}/{id}/cancel"), Write(without));
        return status == StatusCodes.Status200OK
            ? Read<Notification>(body)
            // It is asked for, and not yet known whether it was in time.
            : new Notification { Id = id, Status = "cancelling" };
    }

    public override async Task<WithdrawResponse> Withdraw(WithdrawRequest request, ServerCallContext context)
    {
        var without = new WithdrawRequest(request) { Application = "" };
        var (_, body) = await Ask(context, HttpMethod.Post, Of(request.Application, "/v1/withdrawals"), Write(without));
        return request.Preview
            ? new WithdrawResponse { Preview = Read<WithdrawalPreview>(body) }
            : new WithdrawResponse { Withdrawal = Read<Withdrawal>(body) };
    }

    /// <summary>
    /// Ends when the notification has ended and all is told; a stream of the API that ends before is taken up where it was.
    /// </summary>
    public override Task Watch(WatchRequest request, IServerStreamWriter<NotificationEvent> responseStream, ServerCallContext context) =>
        Watch(Of(request.Application, $"{Path}/{IdOf(request.Id)}/events"), request.After, responseStream, context);

    /// <summary>
    /// Goes on until the caller has enough, or what came after the place is no longer kept. The metadata come first: from then on all is
    /// told.
    /// </summary>
    public override async Task WatchMany(
        WatchManyRequest request,
        IServerStreamWriter<NotificationEvent> responseStream,
        ServerCallContext context
    )
    {
        var query = new QueryBuilder();
        if (request.Events.Count > 0)
            query.Add("events", string.Join(',', request.Events));
        (string, string)[] conditions =
        [
            ("category", request.Category),
            ("recipient", request.Recipient),
            ("key", request.Key),
            (ApplicationWall.Parameter, request.Application),
        ];
        foreach (var (name, value) in conditions)
            if (value.Length > 0)
                query.Add(name, value);
        await Watch($"{EventStreamsApi.Path}{query}", request.After, responseStream, context);
    }

    async Task Watch(string path, string after, IServerStreamWriter<NotificationEvent> told, ServerCallContext context)
    {
        while (await Follow(path, after, told, context) is { } last)
        {
            if (last == after)
                await Task.Delay(BetweenReads, context.CancellationToken);
            after = last;
        }
    }

    /// <summary>Tells what one stream of the API has.</summary>
    /// <returns>The place after its last event; null when there is no more to tell.</returns>
    async Task<string?> Follow(string path, string after, IServerStreamWriter<NotificationEvent> told, ServerCallContext context)
    {
        var pipe = new Pipe();
        var answer = new HttpResponseFeature();
        using var request = RequestOf(HttpMethod.Get, path, json: null);
        (string, string)[] headers = after.Length > 0 ? [(EventStreamsApi.LastEventId, after)] : [];
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var call = Call();
        try
        {
            // The status is there before the first byte.
            var first = await pipe.Reader.ReadAsync(context.CancellationToken);
            pipe.Reader.AdvanceTo(first.Buffer.Start);
            if (answer.StatusCode == StatusCodes.Status204NoContent)
                return null;

            await using var body = pipe.Reader.AsStream();
            if (answer.StatusCode != StatusCodes.Status200OK)
                throw RpcProblems.Of(answer, await Whole(body, context.CancellationToken));

            if (!context.GetHttpContext().Response.HasStarted)
                await context.WriteResponseHeadersAsync([]);
            var parser = SseParser.Create(body);
            await foreach (var happened in parser.EnumerateAsync(context.CancellationToken))
            {
                after = parser.LastEventId;
                await told.WriteAsync(
                    new NotificationEvent
                    {
                        Id = after,
                        Type = happened.EventType,
                        Data = Reader.Parse<Struct>(happened.Data),
                    },
                    context.CancellationToken
                );
            }

            // A stream by filter has its place when it is opened.
            return after.Length == 0 && parser.LastEventId.Split('-') is [var stream, _] ? $"{stream}-0" : after;
        }
        finally
        {
            await leave.CancelAsync();
            await call;
        }

        async Task Call()
        {
            try
            {
                await calls.Call(request, Introduce(context, headers), answer, pipe.Writer.AsStream(leaveOpen: true), leave.Token);
            }
            catch (OperationCanceledException) when (leave.IsCancellationRequested)
            {
                // Whoever reads has gone, or has enough.
            }
            finally
            {
                await pipe.Writer.CompleteAsync();
            }
        }
    }

    async Task<(int Status, string Body)> Ask(
        ServerCallContext context,
        HttpMethod method,
        string path,
        string? json = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = RequestOf(method, path, json);
        using var body = new MemoryStream();
        var answer = new HttpResponseFeature();
        await calls.Call(request, Introduce(context, headers), answer, body, context.CancellationToken);
        foreach (var name in Said)
            if (answer.Headers.TryGetValue(name, out var values))
                context.ResponseTrailers.Add(name.ToLowerInvariant(), values.ToString());

        return answer.StatusCode < StatusCodes.Status400BadRequest
            ? (answer.StatusCode, Encoding.UTF8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length)))
            : throw RpcProblems.Of(answer, body.ToArray());
    }

    static HttpRequestMessage RequestOf(HttpMethod method, string path, string? json) =>
        new(method, new Uri(path, UriKind.Relative))
        {
            Content = json is null ? null : new StringContent(json, Encoding.UTF8, MediaTypeNames.Application.Json),
        };

    /// <summary>
    /// The call is its caller's, and is checked again. So are the headers, which a client of HTTP would leave out when they are none.
    /// </summary>
    static Action<HttpContext> Introduce(ServerCallContext context, (string Name, string Value)[] headers)
    {
        var outer = context.GetHttpContext();
        return inner =>
        {
            inner.Request.Headers.Authorization = outer.Request.Headers.Authorization;
            inner.Connection.RemoteIpAddress = outer.Connection.RemoteIpAddress;
            foreach (var (name, value) in headers)
                inner.Request.Headers[name] = value;
        };
    }

    static (string Name, string Value)[] Preferences(int waitSeconds, bool strict) =>
        (waitSeconds, strict) switch
        {
            (0, false) => [],
            (0, true) => [("Prefer", "handling=strict")],
            (_, false) => [("Prefer", $"wait={waitSeconds}")],
            (_, true) => [("Prefer", $"wait={waitSeconds}, handling=strict")],
        };

    static string QueryOf(FindRequest request)
    {
        if (request.PageToken.Length > 0)
            return $"?{request.PageToken}";

        var query = new QueryBuilder();
        foreach (var field in FindRequest.Descriptor.Fields.InFieldNumberOrder())
            if (field.Accessor.GetValue(request) is var value and not ("" or 0))
                query.Add(field.JsonName, Convert.ToString(value, CultureInfo.InvariantCulture)!);
        return query.ToString();
    }

    /// <summary>The address of a call for the application that the caller names, if any. The API says to whom it may not be.</summary>
    static string Of(string application, string path) =>
        application.Length == 0 ? path : $"{path}?{ApplicationWall.Parameter}={Uri.EscapeDataString(application)}";

    static string IdOf(string id) => Guid.TryParse(id, out var known) ? $"{known}" : throw RpcProblems.Wrong("id must be a UUID.");

    static string Write(NotificationRequest request)
    {
        Check(request.Data);
        Check(request.Content);
        return Write((IMessage)request);
    }

    static string Write(Struct data)
    {
        Check(data);
        return Write((IMessage)data);
    }

    static string Write(IMessage message)
    {
        try
        {
            return Writer.Format(message);
        }
        catch (InvalidOperationException exception)
        {
            // A number that is none, a time outside of all years, a value of no kind.
            throw RpcProblems.Wrong(exception.Message);
        }
    }

    /// <summary>JSON has no such numbers, and the writer makes texts of them.</summary>
    static void Check(Struct? data)
    {
        foreach (var value in data?.Fields.Values ?? [])
            Check(value);
    }

    static void Check(Value value)
    {
        if (value.KindCase == Value.KindOneofCase.NumberValue && !double.IsFinite(value.NumberValue))
            throw RpcProblems.Wrong("A number must be finite.");
        Check(value.StructValue);
        foreach (var item in value.ListValue?.Values ?? [])
            Check(item);
    }

    static T Read<T>(string json)
        where T : IMessage, new() => Reader.Parse<T>(json);

    static async Task<ReadOnlyMemory<byte>> Whole(Stream body, CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        await body.CopyToAsync(whole, cancellationToken);
        return whole.ToArray();
    }
}
