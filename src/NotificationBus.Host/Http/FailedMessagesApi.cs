using System.Globalization;
using System.Text;
using System.Text.Json;
using NotificationBus.Failures;
using NotificationBus.Host.OpenApi;
using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Host.Http;

/// <summary><c>/v1/failed-messages</c>: what was set aside and why, put back or put away.</summary>
static class FailedMessagesApi
{
    const string Tag = "Failed messages";

    const int MostCauses = 200;

    const string NotSaid = "not said";

    public static void MapFailedMessages(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead("/v1/failed-messages", Search)
            .Describe("listFailedMessages", Tag, "Lists messages that were set aside, the last first.")
            .Asks("state", "failed, replayed or archived.")
            .Asks("cause", "The cause, as the list of causes has it.")
            .Asks("queue", "The queue it came from.")
            .Pages()
            .Answers<FailedMessagePage>()
            .Refuses();
        routes
            .MapRead("/v1/failed-messages/causes", Causes)
            .Describe("listFailureCauses", Tag, "Lists the causes of what waits for a decision, the largest groups first.")
            .Answers<FailureCauses>()
            .Refuses();
        routes
            .MapRead("/v1/failed-messages/{id:guid}", Find)
            .Describe("getFailedMessage", Tag, "Returns one message with its headers and body.")
            .Answers<FailedMessageView>()
            .Refuses(404);
        routes
            .MapRead("/v1/failed-messages/{id:guid}/body", Body)
            .Describe("getFailedMessageBody", Tag, "Returns the bytes of a message as they came, or as they were edited.")
            .Asks("edit", "The number of an edit: the body that was put back then.")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .Refuses(404);
        routes
            .MapPost(
                "/v1/failed-messages/replay",
                (HttpContext context, IFailedMessages failed, IntakeGate gate) => ForMany(context, failed, ReplayBy(gate))
            )
            .Describe("replayFailedMessages", Tag, "Puts all messages of a cause, or all, back where they came from.")
            .Takes<DecisionOnMany>()
            .Answers<ReplayAnswer>()
            .Refuses(413, 415, 429);
        routes
            .MapPost("/v1/failed-messages/archive", (HttpContext context, IFailedMessages failed) => ForMany(context, failed, Archive))
            .Describe("archiveFailedMessages", Tag, "Puts all messages of a cause, or all, away.")
            .Takes<DecisionOnMany>()
            .Answers<ArchiveAnswer>()
            .Refuses(413, 415);
        routes
            .MapPost(
                "/v1/failed-messages/{id:guid}/replay",
                (Guid id, HttpContext context, IFailedMessages failed, IntakeGate gate, HostSettings settings) =>
                    ReplayOne(id, context, failed, gate, settings.Operators)
            )
            .Describe("replayFailedMessage", Tag, "Puts one message back where it came from, as it came or with an edited body.")
            .Takes<ReplayOfOne>()
            .Answers<ReplayAnswer>()
            .Refuses(404, 409, 413, 415, 429);
        routes
            .MapPost("/v1/failed-messages/{id:guid}/archive", ArchiveOne)
            .Describe("archiveFailedMessage", Tag, "Puts one message away.")
            .Takes<DecisionOnOne>()
            .Answers<ArchiveAnswer>()
            .Refuses(404, 413, 415);
    }

    static async Task<IResult> Search(HttpRequest request, IFailedMessages failed, CancellationToken cancellationToken)
    {
        var (filter, errors) = FailedMessageSearch.Read(request.Query);
        if (errors.Count > 0)
            return Problems.Validation(errors);

        var found = await failed.Search(filter with { Limit = filter.Limit + 1 }, cancellationToken);
        var (page, next) = Keyset.Page(request, found, filter.Limit, message => (message.FailedAt, message.Id));
        return Results.Ok(new FailedMessagePage(page, next));
    }

    static async Task<IResult> Causes(IFailedMessages failed, CancellationToken cancellationToken) =>
        Results.Ok(new FailureCauses(await failed.Causes(MostCauses, cancellationToken)));

    static async Task<IResult> Find(Guid id, IFailedMessages failed, CancellationToken cancellationToken) =>
        await failed.Find(id, cancellationToken) is { } message
            ? Results.Ok(FailedMessageView.Of(message))
            : Problems.UnknownFailedMessage();

    /// <summary>The bytes as they came; never as what they say they are, so that no browser runs them.</summary>
    static async Task<IResult> Body(Guid id, HttpRequest request, IFailedMessages failed, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var word = query.One("edit");
        var number = 0L;
        if (word is not null && !long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number))
            query.Refuse("edit", "must be the number of an edit");
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);
        if (await failed.Find(id, cancellationToken) is not { } message)
            return Problems.UnknownFailedMessage();
        if (word is null)
            return Results.Bytes(message.Body, "application/octet-stream", $"{id}.bin");

        return message.Edits.FirstOrDefault(edit => edit.Number == number) is { } edit
            ? Results.Bytes(edit.Body, "application/octet-stream", $"{id}.{number}.bin")
            : Problems.UnknownFailedMessageEdit();
    }

    // Not cancelled with the request: whoever hangs up after a click has clicked.
    static Act ReplayBy(IntakeGate gate) =>
        async (failed, choice, by) =>
        {
            gate.RefuseWhileClosed();
            return new ReplayAnswer(await failed.Replay(choice, by, CancellationToken.None));
        };

    static async Task<object> Archive(IFailedMessages failed, FailedMessageChoice choice, ChangedBy by) =>
        new ArchiveAnswer(await failed.Archive(choice, by, CancellationToken.None));

    /// <summary>A second call finds nothing to do, and says so.</summary>
    static async Task<IResult> ReplayOne(Guid id, HttpContext context, IFailedMessages failed, IntakeGate gate, OperatorsOptions operators)
    {
        var (decision, refusal) = await ReadIfAny<ReplayOfOne>(context.Request);
        if (refusal is not null)
            return refusal;
        var errors = new FieldErrors();
        // Whoever changes what another one has published says why.
        var by = errors.ReadBy(context.Request, decision!.By, decision.Why ?? (decision.Body is null ? NotSaid : null), unnamed: "api");
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (decision.Body is not null && !operators.EditFailedMessages)
            return Problems.NoEditing();
        if (await failed.Find(id, context.RequestAborted) is not { } message)
            return Problems.UnknownFailedMessage();

        EditedBody? edited = null;
        if (decision.Body is { } body)
        {
            (edited, var wrong) = EditedBody.Read(Encoding.UTF8.GetBytes(body.GetRawText()), message.Summary.MessageId);
            if (wrong is not null)
                return Problems.Validation("body", wrong);
        }

        return Results.Ok(await ReplayBy(gate)(failed, new FailedMessageChoice(id, Cause: null) { Edited = edited }, by));
    }

    /// <summary>A second call finds nothing to do, and says so.</summary>
    static async Task<IResult> ArchiveOne(Guid id, HttpContext context, IFailedMessages failed)
    {
        var (decision, refusal) = await ReadIfAny<DecisionOnOne>(context.Request);
        if (refusal is not null)
            return refusal;
        var errors = new FieldErrors();
        var by = errors.ReadBy(context.Request, decision!.By, decision.Why, unnamed: "api");
        if (errors.Any)
            return Problems.Validation(errors.ByField);
        if (await failed.Find(id, context.RequestAborted) is null)
            return Problems.UnknownFailedMessage();

        return Results.Ok(await Archive(failed, new FailedMessageChoice(id, Cause: null), by));
    }

    static async Task<(T? Decision, IResult? Refusal)> ReadIfAny<T>(HttpRequest request)
        where T : class, new() =>
        request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0 ? await JsonBody.Read<T>(request) : (new T(), null);

    static async Task<IResult> ForMany(HttpContext context, IFailedMessages failed, Act act)
    {
        var (decision, refusal) = await JsonBody.Read<DecisionOnMany>(context.Request);
        if (refusal is not null)
            return refusal;
        var errors = new FieldErrors();
        var by = errors.ReadBy(context.Request, decision!.By, decision.Why, unnamed: "api");
        if (decision.Cause is null == decision.All is not true)
            errors.Add("cause", "say either a cause or \"all\": true");
        else if (decision.Cause is { } cause)
            errors.ReadText("cause", cause);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        return Results.Ok(
            await act(failed, decision.Cause is { } named ? new FailedMessageChoice(Id: null, named) : FailedMessageChoice.All, by)
        );
    }

    delegate Task<object> Act(IFailedMessages failed, FailedMessageChoice choice, ChangedBy by);
}

/// <summary>The query of <c>GET /v1/failed-messages</c>.</summary>
static class FailedMessageSearch
{
    public static (FailedMessageFilter Filter, IReadOnlyDictionary<string, string[]> Errors) Read(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        var states = Enum.GetValues<FailedMessageState>()
            .ToDictionary(state => JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString()), StringComparer.Ordinal);
        var state = reader.Word("state", states.Keys) is { } word ? states[word] : default(FailedMessageState?);
        var limit = reader.Limit();
        var after = reader.After() is var (failedAt, id) ? new FailedMessageCursor(failedAt, id) : null;
        return (
            new FailedMessageFilter
            {
                State = state,
                Cause = reader.One("cause"),
                Queue = reader.One("queue"),
                Limit = limit,
                After = after,
            },
            reader.Errors
        );
    }
}

/// <summary>A decision about one failed message.</summary>
public sealed record DecisionOnOne
{
    /// <summary>Name of whoever decides; for whom, when there is a key. Nobody checks it.</summary>
    public string? By { get; init; }

    /// <summary>The reason, for the record.</summary>
    public string Why { get; init; } = "not said";
}

/// <summary>A decision to put one failed message back.</summary>
public sealed record ReplayOfOne
{
    /// <summary>
    /// The whole envelope as it is to go out in the place of the one that came, with the same messageId; by default it goes out as it came.
    /// Only where Operators:EditFailedMessages is true.
    /// </summary>
    public JsonElement? Body { get; init; }

    /// <summary>Name of whoever decides; for whom, when there is a key. Nobody checks it.</summary>
    public string? By { get; init; }

    /// <summary>The reason, for the record. It has to be said with a body.</summary>
    public string? Why { get; init; }
}

/// <summary>A decision about many failed messages.</summary>
public sealed record DecisionOnMany
{
    /// <summary>Those of this cause.</summary>
    public string? Cause { get; init; }

    /// <summary>All that wait for a decision.</summary>
    public bool? All { get; init; }

    /// <summary>Name of whoever decides; for whom, when there is a key. Nobody checks it.</summary>
    public string? By { get; init; }

    /// <summary>The reason, for the record.</summary>
    public string Why { get; init; } = "not said";
}

/// <summary>One page of failed messages.</summary>
/// <param name="FailedMessages">The last that failed first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record FailedMessagePage(IReadOnlyList<FailedMessageSummary> FailedMessages, string? Next);

/// <summary>Failed messages that wait for a decision, by cause.</summary>
/// <param name="Causes">The largest groups first.</param>
public sealed record FailureCauses(IReadOnlyList<FailureCause> Causes);

/// <summary>The outcome of a replay.</summary>
/// <param name="Replayed">How many messages were put back; 0 when there was nothing to do.</param>
public sealed record ReplayAnswer(int Replayed);

/// <summary>The outcome of an archiving.</summary>
/// <param name="Archived">How many messages were put away; 0 when there was nothing to do.</param>
public sealed record ArchiveAnswer(int Archived);

/// <summary>A failed message as an operator reads it.</summary>
/// <param name="Message">What is known of it.</param>
/// <param name="Headers">The producer's headers.</param>
/// <param name="Body">The body in base64; null when it is longer than 1 MiB, and then <c>/body</c> below the message has it.</param>
/// <param name="Text">The body as text, when it is JSON.</param>
/// <param name="Edits">The edited bodies it was put back with, the first one first; null when there are none.</param>
public sealed record FailedMessageView(
    FailedMessageSummary Message,
    JsonElement Headers,
    byte[]? Body,
    string? Text,
    IReadOnlyList<FailedMessageEditView>? Edits
)
{
    const int LongestBody = 1024 * 1024;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The view of a message.</summary>
    public static FailedMessageView Of(FailedMessage message)
    {
        var body = message.Body.Length <= LongestBody ? message.Body : null;
        return new FailedMessageView(
            message.Summary,
            JsonElement.Parse(message.Headers),
            body,
            body is null ? null : JsonText(body),
            message.Edits.Count > 0 ? [.. message.Edits.Select(FailedMessageEditView.Of)] : null
        );
    }

    static string? JsonText(byte[] body)
    {
        try
        {
            // Read to its end, however deep: an operator wants to see what was too deep for the bus.
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 100_000 });
            while (reader.Read()) { }

            return Strict.GetString(body);
        }
        catch (Exception exception) when (exception is JsonException or DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>An edited body that a failed message was put back with.</summary>
/// <param name="Number">The number of the edit.</param>
/// <param name="Who">The caller or person who has edited it.</param>
/// <param name="OnBehalfOf">For whom, when that was said; null otherwise.</param>
/// <param name="Why">The reason.</param>
/// <param name="At">The time at which it was put back.</param>
/// <param name="Text">The body that went out.</param>
public sealed record FailedMessageEditView(long Number, string Who, string? OnBehalfOf, string Why, DateTimeOffset At, string Text)
{
    /// <summary>The view of an edit.</summary>
    public static FailedMessageEditView Of(FailedMessageEdit edit) =>
        new(edit.Number, edit.By.Who, edit.By.OnBehalfOf, edit.By.Why, edit.At, Encoding.UTF8.GetString(edit.Body));
}
