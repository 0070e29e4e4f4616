using System.Text.Json;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Planning;
using NotificationBus.Providers.Controls;
using NotificationBus.Subscriptions;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/subscriptions</c>: URLs that are told what becomes of notifications, as Standard Webhooks. What is changed holds on this host at
/// once, and on all others within a second.
/// </summary>
static class SubscriptionsApi
{
    public const string Tag = "Subscriptions";
    const string Unnamed = "somebody without a key";
    const string Unsaid = "no reason was given";
    const int MostRecovered = 10_000;

    static readonly TimeSpan LongestGrace = TimeSpan.FromDays(7);

    public static void MapSubscriptions(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/subscriptions", Create)
            .Describe("createSubscription", Tag, "Has a URL told what becomes of notifications. Its secret is shown here and never again.")
            .Takes<CreateSubscription>()
            .Answers<NewSubscription>(StatusCodes.Status201Created)
            .Refuses(409, 413, 415);
        routes
            .MapRead("/v1/subscriptions", List)
            .Describe("listSubscriptions", Tag, "Lists the subscriptions, the newest first.")
            .Pages()
            .Answers<SubscriptionList>()
            .Refuses();
        routes
            .MapRead("/v1/subscriptions/{id:guid}", Get)
            .Describe("getSubscription", Tag, "Shows a subscription, and whether it works.")
            .Answers<SubscriptionView>()
            .Refuses(404);
        routes
            .MapPatch("/v1/subscriptions/{id:guid}", Change)
            .Describe("changeSubscription", Tag, "Changes where and of what it is told, or disables and enables it.")
            .Takes<ChangeSubscription>()
            .Answers<SubscriptionView>()
            .Refuses(404, 413, 415);
        routes
            .MapDelete("/v1/subscriptions/{id:guid}", Remove)
            .Describe("removeSubscription", Tag, "Removes a subscription. What waits for it is not sent.")
            .Asks("by", "Name of whoever says so.")
            .Asks("why", "The reason.")
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(404);
        routes
            .MapPost("/v1/subscriptions/{id:guid}/rotate", Rotate)
            .Describe("rotateSubscriptionSecret", Tag, "Gives a subscription another secret, which is shown here and never again.")
            .Takes<RotateSubscription>()
            .Answers<NewSubscription>()
            .Refuses(404, 413, 415);
        routes
            .MapPost("/v1/subscriptions/{id:guid}/test", Test)
            .Describe("testSubscription", Tag, "Sends an event of the type test.")
            .Answers<WebhookDeliveryView>(StatusCodes.Status202Accepted)
            .Refuses(404, 409);
        routes
            .MapPost("/v1/subscriptions/{id:guid}/recover", Recover)
            .Describe("recoverSubscription", Tag, "Sends again what was given up since a time, the oldest first.")
            .Takes<RecoverSubscription>()
            .Answers<RecoveredDeliveries>(StatusCodes.Status202Accepted)
            .Refuses(404, 409, 413, 415);
        routes
            .MapRead("/v1/subscriptions/{id:guid}/deliveries", Deliveries)
            .Describe("listSubscriptionDeliveries", Tag, "Lists what a subscription is told with its tries, the newest first.")
            .Asks("status", "Only those that are waiting, delivered or failed.")
            .Pages()
            .Answers<WebhookDeliveryList>()
            .Refuses(404);
        routes
            .MapPost("/v1/subscriptions/{id:guid}/deliveries/{deliveryId:guid}/resend", Resend)
            .Describe("resendSubscriptionDelivery", Tag, "Sends one event again, whatever became of it, under the same webhook-id.")
            .Answers<WebhookDeliveryView>(StatusCodes.Status202Accepted)
            .Refuses(404, 409);
    }

    static async Task<IResult> Create(
        HttpRequest request,
        ISubscriptions subscriptions,
        SubscriptionBoard board,
        SubscriptionSecrets secrets,
        IWebhookCaller caller,
        PlanningRules planning,
        TimeProvider clock
    )
    {
        var (body, refusal) = await JsonBody.Read<CreateSubscription>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why ?? Unsaid, Unnamed);
        Check(errors, caller, planning, body.Url, body.Events, body.Categories);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var id = Guid.CreateVersion7();
        var (text, kept) = secrets.New(id);
        var subscription = new Subscription
        {
            Id = id,
            Application = request.HttpContext.Sight().Application,
            Url = body.Url,
            Events = body.Events ?? HeardEvents.Outcomes,
            Categories = body.Categories ?? [],
            Secret = kept,
            CreatedAt = clock.GetUtcNow(),
        };
        // Not cancelled with the request: a subscription whose secret nobody has seen would be on record.
        if (!await subscriptions.Add(subscription, by, CancellationToken.None))
            return Problems.TooManySubscriptions();

        await board.RefreshOrLater();
        return Results.Created($"/v1/subscriptions/{id}", new NewSubscription(text, SubscriptionView.Of(board.Find(id) ?? subscription)));
    }

    static async Task<IResult> List(HttpRequest request, ISubscriptions subscriptions, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (limit, after) = (query.Limit(), query.After());
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);

        var sight = request.HttpContext.Sight();
        var found = (await subscriptions.Load(cancellationToken))
            .Where(one => sight.Application is null || one.Application == sight.Application)
            .Where(one => after is not { } place || (one.CreatedAt, one.Id).CompareTo(place) < 0)
            .OrderByDescending(one => (one.CreatedAt, one.Id))
            .Take(limit + 1)
            .ToList();
        var (page, next) = Keyset.Page(request, found, limit, one => (one.CreatedAt, one.Id));
        return Results.Ok(new SubscriptionList([.. page.Select(SubscriptionView.Of)], next));
    }

    static async Task<IResult> Get(Guid id, ISubscriptions subscriptions, CancellationToken cancellationToken) =>
        await Find(id, subscriptions, cancellationToken) is { } found
            ? Results.Ok(SubscriptionView.Of(found))
            : Problems.UnknownSubscription();

    static async Task<IResult> Change(
        Guid id,
        HttpRequest request,
        ISubscriptions subscriptions,
        SubscriptionBoard board,
        IWebhookCaller caller,
        PlanningRules planning
    )
    {
        var (body, refusal) = await JsonBody.Read<ChangeSubscription>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why ?? Unsaid, Unnamed);
        Check(errors, caller, planning, body.Url, body.Events, body.Categories);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var change = new SubscriptionChange(body.Url, body.Events, body.Categories, body.Enabled);
        if (await subscriptions.Change(id, change, by, CancellationToken.None) is not { } changed)
            return Problems.UnknownSubscription();

        await board.RefreshOrLater();
        return Results.Ok(SubscriptionView.Of(changed));
    }

    static async Task<IResult> Remove(Guid id, HttpRequest request, ISubscriptions subscriptions, SubscriptionBoard board)
    {
        var query = new QueryReader(request.Query);
        var errors = new FieldErrors(query.Errors);
        var by = errors.ReadBy(request, query.One("by"), query.One("why") ?? Unsaid, Unnamed);
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (!await subscriptions.Remove(id, by, CancellationToken.None))
            return Problems.UnknownSubscription();

        await board.RefreshOrLater();
        return Results.NoContent();
    }

    static async Task<IResult> Rotate(
        Guid id,
        HttpRequest request,
        ISubscriptions subscriptions,
        SubscriptionBoard board,
        SubscriptionSecrets secrets
    )
    {
        var (body, refusal) = await JsonBody.Read<RotateSubscription>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why ?? Unsaid, Unnamed);
        errors.ReadNumber("graceSeconds", (int?)body.GraceSeconds, 0, (int)LongestGrace.TotalSeconds);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var (text, kept) = secrets.New(id);
        var grace = TimeSpan.FromSeconds(body.GraceSeconds);
        if (await subscriptions.Rotate(id, kept, grace, by, CancellationToken.None) is not { } rotated)
            return Problems.UnknownSubscription();

        await board.RefreshOrLater();
        return Results.Ok(new NewSubscription(text, SubscriptionView.Of(rotated)));
    }

    static async Task<IResult> Test(
        Guid id,
        ISubscriptions subscriptions,
        IWebhookDeliveries deliveries,
        SubscriptionBoard board,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        if (await Refuse(id, subscriptions, cancellationToken) is { } refusal)
            return refusal;

        var test = Guid.CreateVersion7();
        var data = JsonSerializer.Serialize(new { subscriptionId = id });
        var heard = new HeardEvent(test, id, test, 1, HeardEvents.Test, clock.GetUtcNow(), data);
        var added = await deliveries.AddTest(heard, CancellationToken.None);
        board.Told();
        return Results.Accepted(value: WebhookDeliveryView.Of(added));
    }

    static async Task<IResult> Recover(
        Guid id,
        HttpRequest request,
        ISubscriptions subscriptions,
        IWebhookDeliveries deliveries,
        IControls controls,
        SubscriptionBoard board
    )
    {
        var (body, refusal) = await JsonBody.Read<RecoverSubscription>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why ?? Unsaid, Unnamed);
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (await Refuse(id, subscriptions, request.HttpContext.RequestAborted) is { } refused)
            return refused;

        var recovered = await deliveries.Recover(id, body.Since, MostRecovered, CancellationToken.None);
        await controls.Note(
            SubscriptionNotes.Subject(id),
            by,
            JsonSerializer.SerializeToElement(new { recovered, since = body.Since }),
            CancellationToken.None
        );
        board.Told();
        return Results.Accepted(value: new RecoveredDeliveries(recovered, recovered < MostRecovered));
    }

    static async Task<IResult> Deliveries(
        Guid id,
        HttpRequest request,
        ISubscriptions subscriptions,
        IWebhookDeliveries deliveries,
        CancellationToken cancellationToken
    )
    {
        var query = new QueryReader(request.Query);
        var (limit, after) = (query.Limit(), query.After());
        var errors = new FieldErrors(query.Errors);
        WebhookStatus? status = query.One("status") is { } word ? errors.ReadWord("status", word, WebhookStatus.Waiting) : null;
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (await Find(id, subscriptions, cancellationToken) is null)
            return Problems.UnknownSubscription();

        var found = await deliveries.List(new WebhookFilter(id, status, limit + 1, after), cancellationToken);
        var (page, next) = Keyset.Page(request, found, limit, one => (one.CreatedAt, one.Id));
        return Results.Ok(new WebhookDeliveryList([.. page.Select(WebhookDeliveryView.Of)], next));
    }

    static async Task<IResult> Resend(
        Guid id,
        Guid deliveryId,
        ISubscriptions subscriptions,
        IWebhookDeliveries deliveries,
        SubscriptionBoard board,
        CancellationToken cancellationToken
    )
    {
        if (await Refuse(id, subscriptions, cancellationToken) is { } refusal)
            return refusal;
        if (await deliveries.Resend(id, deliveryId, CancellationToken.None) is not { } again)
            return Problems.UnknownWebhookDelivery();

        board.Told();
        return Results.Accepted(value: WebhookDeliveryView.Of(again));
    }

    static async Task<Subscription?> Find(Guid id, ISubscriptions subscriptions, CancellationToken cancellationToken) =>
        (await subscriptions.Load(cancellationToken)).FirstOrDefault(one => one.Id == id);

    /// <summary>What is sent to one that is disabled would wait, and be forgotten.</summary>
    static async Task<IResult?> Refuse(Guid id, ISubscriptions subscriptions, CancellationToken cancellationToken) =>
        await Find(id, subscriptions, cancellationToken) switch
        {
            null => Problems.UnknownSubscription(),
            { IsEnabled: false, DisabledReason: var reason } => Problems.DisabledSubscription(reason ?? ""),
            _ => null,
        };

    static void Check(
        FieldErrors errors,
        IWebhookCaller caller,
        PlanningRules planning,
        string? url,
        IReadOnlyList<string>? events,
        IReadOnlyList<string>? categories
    )
    {
        if (url is not null && caller.Refuse(url) is { } wrong)
            errors.Add("url", wrong);
        CheckWords(errors, "events", events, HeardEvents.All, least: 1);
        CheckWords(errors, "categories", categories, planning.Categories, least: 0);
    }

    static void CheckWords(FieldErrors errors, string field, IReadOnlyList<string>? words, IReadOnlyCollection<string> known, int least)
    {
        const int Most = 50;
        if (words is null)
            return;
        if (words.Count < least || words.Count > Most)
            errors.Add(field, $"must be {least} to {Most}");
        else if (words.Distinct(StringComparer.Ordinal).Count() != words.Count)
            errors.Add(field, "has one twice");
        foreach (var (place, word) in words.Take(Most).Index())
        {
            if (!known.Contains(word, StringComparer.Ordinal))
                errors.Add($"{field}[{place}]", Spelling.Unknown(word, known));
        }
    }
}

/// <summary>The body of <c>POST /v1/subscriptions</c>.</summary>
public sealed record CreateSubscription
{
    /// <summary>
    /// The address that is called: https, port 443, in the public Internet, at most 2,048 characters. <c>Webhooks:AllowPrivateAddresses</c>
    /// allows others.
    /// </summary>
    public required string Url { get; init; }

    /// <summary>
    /// The events it is told: notification.delivered, notification.partly-delivered, notification.failed, notification.expired and
    /// notification.cancelled, which are the default; delivery.sent, delivery.confirmed, delivery.bounced, delivery.failed,
    /// delivery.expired, delivery.cancelled and delivery.held.
    /// </summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>The categories it is told of, at most 50; by itself every one.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>Name of the person for whom it is made.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public string? Why { get; init; }
}

/// <summary>The body of <c>PATCH /v1/subscriptions/{id}</c>. What is left out stays as it is.</summary>
public sealed record ChangeSubscription
{
    /// <summary>The address that is called.</summary>
    public string? Url { get; init; }

    /// <summary>The events it is told.</summary>
    public IReadOnlyList<string>? Events { get; init; }

    /// <summary>The categories it is told of; an empty list for every one.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>False: it is told nothing from now on. True: it is again, also of what has waited.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Name of whoever says so.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public string? Why { get; init; }
}

/// <summary>The body of <c>POST /v1/subscriptions/{id}/rotate</c>.</summary>
public sealed record RotateSubscription
{
    /// <summary>How long what is sent is signed with the secret before as well, 0 to 604800 (7 days); a day by itself.</summary>
    public int GraceSeconds { get; init; } = 86_400;

    /// <summary>Name of whoever says so.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public string? Why { get; init; }
}

/// <summary>The body of <c>POST /v1/subscriptions/{id}/recover</c>.</summary>
public sealed record RecoverSubscription
{
    /// <summary>What was stored since then, and given up, is sent again.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Name of whoever says so.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public string? Why { get; init; }
}

/// <summary>What is sent again.</summary>
/// <param name="Recovered">How many events.</param>
/// <param name="IsComplete">False when there may be more: call again.</param>
public sealed record RecoveredDeliveries(int Recovered, bool IsComplete);

/// <summary>A secret that was just made, and the subscription it is for.</summary>
/// <param name="Secret">The signing secret, which is shown nowhere else: keep it.</param>
/// <param name="Subscription">The subscription.</param>
public sealed record NewSubscription(string Secret, SubscriptionView Subscription);

/// <summary>Subscriptions.</summary>
/// <param name="Subscriptions">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record SubscriptionList(IReadOnlyList<SubscriptionView> Subscriptions, string? Next);

/// <summary>A subscription as it is on record.</summary>
public sealed record SubscriptionView
{
    /// <summary>The subscription's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The application of whose notifications it is told; null for those of all.</summary>
    public string? Application { get; init; }

    /// <summary>The address that is called.</summary>
    public required string Url { get; init; }

    /// <summary>The events it is told.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>The categories it is told of; none for every one.</summary>
    public required IReadOnlyList<string> Categories { get; init; }

    /// <summary>True while it is told.</summary>
    public required bool Enabled { get; init; }

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time until which what is sent is signed with the secret before as well.</summary>
    public DateTimeOffset? EarlierSecretUntil { get; init; }

    /// <summary>The time since which it has taken nothing, though it was tried.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The time at which it was disabled.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>The reason why it is disabled.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>The view of a subscription.</summary>
    public static SubscriptionView Of(Subscription subscription) =>
        new()
        {
            Id = subscription.Id,
            Application = subscription.Application,
            Url = subscription.Url,
            Events = subscription.Events,
            Categories = subscription.Categories,
            Enabled = subscription.IsEnabled,
            CreatedAt = subscription.CreatedAt,
            EarlierSecretUntil = subscription.EarlierUntil,
            FailingSince = subscription.FailingSince,
            DisabledAt = subscription.DisabledAt,
            DisabledReason = subscription.DisabledReason,
        };
}

/// <summary>What a subscription is told.</summary>
/// <param name="Deliveries">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record WebhookDeliveryList(IReadOnlyList<WebhookDeliveryView> Deliveries, string? Next);

/// <summary>An event on its way to a subscriber.</summary>
public sealed record WebhookDeliveryView
{
    /// <summary>Its id, the same on every try (<c>webhook-id</c>).</summary>
    public required Guid Id { get; init; }

    /// <summary>The event's type.</summary>
    public required string Type { get; init; }

    /// <summary>The notification it is about; none for a test.</summary>
    public Guid? NotificationId { get; init; }

    /// <summary>Counts what this subscription is told of this notification, from 1 and without gaps.</summary>
    public required int Sequence { get; init; }

    /// <summary>The status: waiting, delivered or failed.</summary>
    public required WebhookStatus Status { get; init; }

    /// <summary>The time at which it was stored.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>How often it was tried since it was last to be sent.</summary>
    public required int Attempts { get; init; }

    /// <summary>The time of the next try; while one is made, the time until which its answer is waited for.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>The last 12 tries, oldest first.</summary>
    public required IReadOnlyList<WebhookTry> Tries { get; init; }

    /// <summary>The view of one.</summary>
    public static WebhookDeliveryView Of(WebhookDelivery delivery) =>
        new()
        {
            Id = delivery.Id,
            Type = delivery.Type,
            NotificationId = delivery.Type == HeardEvents.Test ? null : delivery.NotificationId,
            Sequence = delivery.Sequence,
            Status = delivery.Status,
            CreatedAt = delivery.CreatedAt,
            Attempts = delivery.Attempts,
            NextAttemptAt = delivery.DueAt,
            Tries = delivery.Tries,
        };
}
