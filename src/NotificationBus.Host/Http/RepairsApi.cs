using Microsoft.Extensions.Primitives;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Repairs;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/repairs</c>: what has failed is begun anew. <c>POST</c> makes a plan of what a search finds; <c>POST /v1/repairs/{id}/run</c>
/// runs exactly that.
/// </summary>
static class RepairsApi
{
    const string Tag = "Repairs";

    public static void MapRepairs(this IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/repairs", Plan)
            .Describe("planRepair", Tag, "Plans to begin anew what has failed: how many, by cause, and what is left out and why.")
            .Takes<RepairRequest>()
            .Answers<RepairView>(StatusCodes.Status201Created)
            .Refuses(413, 415, 429);
        routes
            .MapRead("/v1/repairs", List)
            .Describe("listRepairs", Tag, "Lists repairs, the newest first.")
            .Pages()
            .Answers<RepairList>()
            .Refuses();
        routes
            .MapRead("/v1/repairs/{id:guid}", Find)
            .Describe("getRepair", Tag, "Tells how a repair stands.")
            .Answers<RepairView>()
            .Refuses(404);
        routes
            .MapRead("/v1/repairs/{id:guid}/items", Items)
            .Describe("listRepairItems", Tag, "Lists the notifications of a repair, those that began last first.")
            .Asks("status", "planned, left-out or repaired.")
            .Pages()
            .Answers<RepairItemList>()
            .Refuses(404);
        routes
            .MapPost("/v1/repairs/{id:guid}/run", Run)
            .Describe("runRepair", Tag, "Runs a repair, or goes on with it. Of one that is done nothing is done again.")
            .Takes<RunRepair>()
            .Answers<RepairView>(StatusCodes.Status202Accepted)
            .Refuses(404, 409, 413, 415, 429);
        routes
            .MapPost("/v1/repairs/{id:guid}/pause", Pause)
            .Describe("pauseRepair", Tag, "Pauses a repair before its next notification.")
            .Takes<EndRepair>()
            .Answers<RepairView>(StatusCodes.Status202Accepted)
            .Refuses(404, 409, 413, 415, 429);
        routes
            .MapPost("/v1/repairs/{id:guid}/stop", Stop)
            .Describe("stopRepair", Tag, "Ends a repair for good before its next notification.")
            .Takes<EndRepair>()
            .Answers<RepairView>(StatusCodes.Status202Accepted)
            .Refuses(404, 409, 413, 415, 429);
    }

    static async Task<IResult> Plan(
        HttpRequest request,
        ChannelSet channels,
        RepairPlanner planner,
        IntakeGate gate,
        CancellationToken cancellationToken
    )
    {
        var (body, refusal) = await JsonBody.Read<RepairRequest>(request);
        if (refusal is not null)
            return refusal;

        var conditions = body!.Filter.Conditions();
        var (filter, wrong) = NotificationSearch.Read(
            new QueryCollection(conditions.ToDictionary(Key, Values)),
            channels,
            request.HttpContext.Sight()
        );
        var errors = new FieldErrors(wrong.ToDictionary(one => $"filter.{one.Key}", one => one.Value, StringComparer.Ordinal));
        if (conditions.Count == 0)
            errors.Add("filter", "must have at least one condition, such as status: a repair of everything is never meant");
        var limit = errors.ReadNumber("limit", body.Limit, 1, Repair.MostItems) ?? Repair.MostItems;
        var by = errors.ReadBy(request, body.By, body.Why);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        gate.RefuseWhileClosed();
        var repair = await planner.Plan(filter, Shown(conditions), limit, by, cancellationToken);
        return Results.Created($"/v1/repairs/{repair.Id}", RepairView.Of(repair));

        static string Key(KeyValuePair<string, string> condition) => condition.Key;
        static StringValues Values(KeyValuePair<string, string> condition) => condition.Value;
    }

    static async Task<IResult> List(HttpRequest request, IRepairs repairs, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (limit, after) = (query.Limit(), query.After());
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);

        var found = await repairs.List(request.HttpContext.Sight().Application, after, limit + 1, cancellationToken);
        var (page, next) = Keyset.Page(request, found, limit, repair => (repair.CreatedAt, repair.Id));
        return Results.Ok(new RepairList([.. page.Select(RepairHeading.Of)], next));
    }

    static async Task<IResult> Find(Guid id, IRepairs repairs, CancellationToken cancellationToken) =>
        await repairs.Find(id, cancellationToken) is { } repair ? Results.Ok(RepairView.Of(repair)) : Problems.UnknownRepair();

    static async Task<IResult> Items(Guid id, HttpRequest request, IRepairs repairs, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var (limit, after) = (query.Limit(), query.After() is var (at, last) ? new NotificationCursor(at, last) : null);
        var errors = new FieldErrors(query.Errors);
        var word = query.One("status");
        RepairItemStatus? status = word is null ? null : errors.ReadWord("status", word, default(RepairItemStatus));
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (await repairs.Find(id, cancellationToken) is null)
            return Problems.UnknownRepair();

        var found = await repairs.Items(id, status, after, limit + 1, cancellationToken);
        var (page, next) = Keyset.Page(request, found, limit, item => (item.BeganAt, item.NotificationId));
        return Results.Ok(new RepairItemList(page, next));
    }

    static async Task<IResult> Run(Guid id, HttpRequest request, IRepairs repairs, StartedRepairs started, IntakeGate gate)
    {
        var (body, refusal) = await JsonBody.Read<RunRepair>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var perSecond = errors.ReadNumber("perSecond", body!.PerSecond, 1, Repair.MostPerSecond) ?? Repair.UsualPerSecond;
        var limit = errors.ReadNumber("limit", body.Limit, 1, Repair.MostItems) ?? Repair.MostItems;
        var by = errors.ReadBy(request, body.By, body.Why);
        return errors.Any
            ? Problems.Validation(errors.ByField)
            : await Change(id, new RepairChange(RepairStatus.Running, perSecond, limit), by, repairs, started, gate);
    }

    static Task<IResult> Pause(Guid id, HttpRequest request, IRepairs repairs, StartedRepairs started, IntakeGate gate) =>
        End(id, RepairStatus.Paused, request, repairs, started, gate);

    static Task<IResult> Stop(Guid id, HttpRequest request, IRepairs repairs, StartedRepairs started, IntakeGate gate) =>
        End(id, RepairStatus.Stopped, request, repairs, started, gate);

    static async Task<IResult> End(Guid id, RepairStatus to, HttpRequest request, IRepairs repairs, StartedRepairs started, IntakeGate gate)
    {
        var (body, refusal) = await JsonBody.Read<EndRepair>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        return errors.Any ? Problems.Validation(errors.ByField) : await Change(id, new RepairChange(to), by, repairs, started, gate);
    }

    /// <summary>202 with how it stands; the host that is at it follows.</summary>
    static async Task<IResult> Change(
        Guid id,
        RepairChange change,
        Providers.Controls.ChangedBy by,
        IRepairs repairs,
        StartedRepairs started,
        IntakeGate gate
    )
    {
        gate.RefuseWhileClosed();
        // Not cancelled with the request: whoever hangs up after a click has clicked.
        var changed = await repairs.Change(id, change, by, CancellationToken.None);
        if (changed && change.To == RepairStatus.Running)
            started.Tell();
        if (await repairs.Find(id, CancellationToken.None) is not { } repair)
            return Problems.UnknownRepair();

        // Whoever runs it a second time, or stops what is stopped, has what was wanted.
        var isSo = repair.Status == change.To || (change.To == RepairStatus.Running && repair.Status == RepairStatus.Done);
        return changed || isSo
            ? Results.Accepted($"/v1/repairs/{id}", RepairView.Of(repair))
            : Problems.NoChangeOfRepair($"{repair.Status}".ToLowerInvariant());
    }

    /// <summary>The conditions without an address: a plan is kept for longer than it is of use to know whom it was about.</summary>
    static Dictionary<string, string> Shown(IReadOnlyDictionary<string, string> conditions) =>
        conditions.ToDictionary(
            condition => condition.Key,
            condition => condition.Key == "address" ? "(an address)" : condition.Value,
            StringComparer.Ordinal
        );
}

/// <summary>The body of <c>POST /v1/repairs</c>.</summary>
public sealed record RepairRequest
{
    /// <summary>The conditions of <c>GET /v1/notifications</c>; at least one.</summary>
    public required RepairChoice Filter { get; init; }

    /// <summary>The most notifications of the plan, the newest first, 1 to 10000, which is the default.</summary>
    public int? Limit { get; init; }

    /// <summary>Name of whoever plans it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>A choice of notifications: the conditions of <c>GET /v1/notifications</c>. All that is said must hold.</summary>
public sealed record RepairChoice
{
    /// <summary>sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public string? Status { get; init; }

    /// <summary>The category.</summary>
    public string? Category { get; init; }

    /// <summary>The version of the texts with which it was planned.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>A channel of its plan.</summary>
    public string? Channel { get; init; }

    /// <summary>An account that was asked to send it.</summary>
    public string? Provider { get; init; }

    /// <summary>The id that a provider gave it.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>The recipient's id.</summary>
    public string? Recipient { get; init; }

    /// <summary>An address of its plan. It is not kept.</summary>
    public string? Address { get; init; }

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; init; }

    /// <summary>A business key, such as <c>order:4711</c>.</summary>
    public string? Key { get; init; }

    /// <summary>A time with its offset, or a day: notifications that began then or later.</summary>
    public string? From { get; init; }

    /// <summary>A time with its offset, or a day: notifications that began before.</summary>
    public string? To { get; init; }

    internal IReadOnlyDictionary<string, string> Conditions() =>
        new (string Name, string? Value)[]
        {
            ("status", Status),
            ("category", Category),
            ("templateVersion", TemplateVersion),
            ("channel", Channel),
            ("provider", Provider),
            ("providerMessageId", ProviderMessageId),
            ("recipient", Recipient),
            ("address", Address),
            ("eventId", EventId),
            ("key", Key),
            ("from", From),
            ("to", To),
        }
            .Where(condition => condition.Value is not null)
            .ToDictionary(condition => condition.Name, condition => condition.Value!, StringComparer.Ordinal);
}

/// <summary>The body of <c>POST /v1/repairs/{id}/run</c>.</summary>
public sealed record RunRepair
{
    /// <summary>The most that are begun in a second, 1 to 100; 10 by default.</summary>
    public int? PerSecond { get; init; }

    /// <summary>How many are begun before it pauses, 1 to 10000; all by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Name of whoever runs it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>The body of <c>POST /v1/repairs/{id}/pause</c> and <c>stop</c>.</summary>
public sealed record EndRepair
{
    /// <summary>Name of whoever does so; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}
