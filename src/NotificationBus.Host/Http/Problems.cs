using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using NotificationBus.Access;
using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Repairs;
using NotificationBus.Subscriptions;

namespace NotificationBus.Host.Http;

/// <summary>The errors of the API as problem details (RFC 9457). They name places and rules, never values.</summary>
static partial class Problems
{
    const int RetryAfterSeconds = 5;

    const int RetryWhenBusySeconds = 1;

    const string Errors = "errors";

    public static IResult Validation(IReadOnlyDictionary<string, string[]> errors) =>
        Problem(
            StatusCodes.Status400BadRequest,
            "validation",
            "The request breaks rules",
            "See errors: one entry for each place, the first 100.",
            errors
        );

    public static IResult Validation(string place, string error) =>
        Validation(new Dictionary<string, string[]>(StringComparer.Ordinal) { [place] = [error] });

    public static IResult MalformedJson(string detail) =>
        Problem(StatusCodes.Status400BadRequest, "malformed-json", "The body is no valid JSON", detail);

    public static IResult UnsupportedMediaType(string detail) =>
        Problem(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "The body is of a type that is not read here", detail);

    public static IResult TooLarge(long limit) =>
        Problem(StatusCodes.Status413PayloadTooLarge, "too-large", "The body is too large", $"At most {limit / 1024} KB are read.");

    /// <summary>A list has more items than one call may have.</summary>
    public static IResult TooManyItems(int most) =>
        Problem(
            StatusCodes.Status413PayloadTooLarge,
            "too-many-items",
            "The list is too long",
            $"At most {most} items are taken in one call. Nothing was taken: divide the list."
        );

    /// <summary>The host stops, and begins nothing any more.</summary>
    public static IResult Stopping(HttpContext context)
    {
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        return Problem(
            StatusCodes.Status503ServiceUnavailable,
            "unavailable",
            "This host is about to stop",
            "The item was not taken. Send it again. Where each has an eventId, or the call an Idempotency-Key, "
                + "the whole call can be made again."
        );
    }

    public static IResult TemplateVariables(string detail) =>
        Problem(StatusCodes.Status422UnprocessableEntity, "template-variables", "A template cannot be filled", detail);

    /// <summary>A key is for one request. Source of the status: draft-ietf-httpapi-idempotency-key-header-07, section 2.7.</summary>
    public static IResult AnotherEvent(Guid notificationId) =>
        Problem(
            StatusCodes.Status422UnprocessableEntity,
            "another-event",
            "The key was used before for something else",
            $"Notification {notificationId} was begun with the same eventId or Idempotency-Key and other content, "
                + $"see /v1/notifications/{notificationId}. Send what is new under a key of its own."
        );

    public static IResult UnknownEvent(string name, IReadOnlyCollection<string> known) =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-event",
            "There is no such event",
            $"Events are {string.Join(", ", known)}.{DidYouMean(name, known)}"
        );

    public static IResult UnknownNotification() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-notification",
            "There is no such notification",
            "It may belong to an event that has not been taken yet: ask again in a moment, or look for it with GET "
                + "/v1/notifications?recipient=."
        );

    public static IResult UnknownDelivery() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-delivery",
            "The notification has no such delivery",
            "GET /v1/notifications/{id} lists its deliveries with their ids."
        );

    public static IResult ContentNeverKept() =>
        Problem(
            StatusCodes.Status404NotFound,
            "content-never-kept",
            "What it says was never kept",
            "The notification was begun by a version that kept no texts."
        );

    public static IResult ContentGone() =>
        Problem(
            StatusCodes.Status410Gone,
            "content-gone",
            "What it said is no longer kept",
            "Retention:Contents says how long texts stay; the attempts still have their hash."
        );

    public static IResult ContentKey(string keyId) =>
        Problem(
            StatusCodes.Status503ServiceUnavailable,
            "content-key",
            "This host lacks the key for it",
            $"It is encrypted with the key '{keyId}': set Contents:Keys:{keyId}."
        );

    public static IResult Unknown(string what, string name, IReadOnlyCollection<string> allowed) =>
        Problem(
            StatusCodes.Status404NotFound,
            $"unknown-{what}",
            $"There is no such {what}",
            $"There are {string.Join(", ", allowed)}.{DidYouMean(name, allowed)}"
        );

    public static IResult NothingToDecide(string status) =>
        Problem(
            StatusCodes.Status409Conflict,
            "nothing-to-decide",
            "The delivery is not held",
            $"It is {status}. What can be decided is listed by GET /v1/notifications?status=held."
        );

    public static IResult NoResendOfCancelled() =>
        Problem(StatusCodes.Status409Conflict, "cancelled", "The delivery was cancelled", "It is not sent again: decide sent or failed.");

    /// <summary>A delivery is not sent once more.</summary>
    public static IResult NotSentAgain(ResendRefusal why, string? detail)
    {
        var (type, title, said) = why switch
        {
            ResendRefusal.UnderWay => (
                "under-way",
                "The delivery has not ended",
                "It may still be sent by itself. Cancel it, or wait until it has ended."
            ),
            ResendRefusal.Held => (
                "held",
                "The delivery is held",
                "Nobody knows whether it was sent. Decide: resend, sent or failed, at /decision beside this."
            ),
            ResendRefusal.NotNeeded => (
                "not-needed",
                "The delivery was not needed",
                "Another channel has reached the recipient. Send again the delivery that did."
            ),
            ResendRefusal.Withdrawn => (
                "withdrawn",
                "Its business key was withdrawn",
                "What has that key is not sent any more. Ask for a new notification without it."
            ),
            ResendRefusal.RepairedBefore => (
                "repaired-before",
                "All of the notification was begun anew",
                $"A repair has begun notification {detail} in its place. Send again a delivery of that one."
            ),
            ResendRefusal.Erased => (
                "erased",
                "Its recipient is erased",
                "Nobody knows any more where it went, or what it said. Ask for a new notification, to an address."
            ),
            ResendRefusal.Suppressed => (
                "suppressed",
                "The address is suppressed",
                "Nothing is sent to it. GET /v1/suppressions says why, and DELETE takes the suppression away."
            ),
            _ => ("would-fail", "It would not be sent", detail ?? "Today's settings and texts would send nothing."),
        };
        return Problem(StatusCodes.Status409Conflict, type, title, said);
    }

    public static IResult TooLate(string status) =>
        Problem(
            StatusCodes.Status409Conflict,
            "too-late",
            "The notification cannot be cancelled any more",
            status == "held"
                ? "It is held: a provider may have it. It is not sent again; decide sent or failed."
                : $"It is {status}: what was sent cannot be called back. GET it to see what went out."
        );

    public static IResult UnknownSuppression() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-suppression",
            "The address is not suppressed",
            "See /v1/suppressions; one for a category is removed with ?category=."
        );

    public static IResult UnknownSubscription() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-subscription",
            "There is no such subscription",
            "GET /v1/subscriptions lists them with their ids."
        );

    public static IResult UnknownWebhookDelivery() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-webhook-delivery",
            "The subscription has no such delivery",
            "GET /v1/subscriptions/{id}/deliveries lists them. Webhooks:KeptFor says how long they stay."
        );

    public static IResult TooManySubscriptions() =>
        Problem(
            StatusCodes.Status409Conflict,
            "too-many-subscriptions",
            "There are too many subscriptions",
            $"An application may have {Subscription.Most}, and all together {Subscription.MostInAll}: remove one that nobody needs "
                + "(DELETE /v1/subscriptions/{id}), or change it."
        );

    public static IResult DisabledSubscription(string reason) =>
        Problem(
            StatusCodes.Status409Conflict,
            "disabled-subscription",
            "The subscription is disabled",
            $"{reason}. Enable it first: PATCH /v1/subscriptions/{{id}} with \"enabled\": true."
        );

    public static IResult NeedsKey() =>
        Problem(
            StatusCodes.Status401Unauthorized,
            "needs-key",
            "This host asks for a key",
            "Send it as Authorization: Bearer nb_… . An administrator makes one with POST /v1/keys, or with 'keys "
                + "create' on the command line."
        );

    /// <summary>Whether it is unknown, wrong, revoked or for another place is nobody's business who does not have it.</summary>
    public static IResult RefusedKey() =>
        Problem(
            StatusCodes.Status401Unauthorized,
            "refused-key",
            "The key is not taken",
            "It is unknown, wrong, revoked, or not in the form Authorization: Bearer nb_… . GET /v1/keys lists those that are."
        );

    /// <summary>A token of the provider of OpenID Connect was refused.</summary>
    public static IResult RefusedToken(string reason) =>
        Problem(StatusCodes.Status401Unauthorized, "refused-token", "The token is not taken", $"{reason} Ask the provider for a new one.");

    /// <summary>The provider of OpenID Connect does not answer, and nobody else can tell.</summary>
    public static IResult ProviderAway(HttpContext context)
    {
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        return Problem(
            StatusCodes.Status503ServiceUnavailable,
            "unavailable",
            "The provider of OpenID Connect does not answer",
            "Nothing was taken. Keys work all the same. Try again after the time in Retry-After."
        );
    }

    /// <summary>A sign-in came to nothing.</summary>
    public static IResult SignInFailed() =>
        Problem(
            StatusCodes.Status403Forbidden,
            "sign-in-failed",
            "The sign-in came to nothing",
            "It was refused, cancelled or took too long; the log of the host says more. Begin again at /sign-in/openid."
        );

    /// <summary>Somebody has signed in, and has no role here.</summary>
    public static IResult NoRole(SignInOptions options) =>
        Problem(
            StatusCodes.Status403Forbidden,
            "no-role",
            "You have no role here",
            $"Have whoever looks after the provider give you one of {options.ViewerRole}, {options.OperatorRole} and {options.AdminRole}."
        );

    /// <summary>Nobody signs in here.</summary>
    public static IResult NoSignIn() =>
        Problem(
            StatusCodes.Status404NotFound,
            "no-sign-in",
            "Nobody signs in here",
            "Auth:OpenIdConnect names no provider for pages. A page takes a key as the password to any user's name."
        );

    public static IResult NotAllowed(IReadOnlyList<string> needed) =>
        Problem(
            StatusCodes.Status403Forbidden,
            "not-allowed",
            "The key does not open this",
            needed.Count > 0 ? $"It needs the scope {string.Join(" or ", needed)}." : "No key opens it."
        );

    /// <summary>The caller belongs to one application, and this concerns others as well.</summary>
    public static IResult OfOneApplication(string application) =>
        Problem(
            StatusCodes.Status403Forbidden,
            "of-one-application",
            "This concerns other applications as well",
            $"You belong to {(application.Length > 0 ? $"the application {application}" : "no application")}. "
                + "It needs a key with the scope admin, any key of the application platform, or somebody who signs in "
                + "and is not limited to one."
        );

    /// <summary>The keys that are known are too old to say yes or no by.</summary>
    public static IResult KeysOutdated(HttpContext context)
    {
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        return Problem(
            StatusCodes.Status503ServiceUnavailable,
            "unavailable",
            "Whether the key is good cannot be told",
            "The keys could not be read for longer than Auth:KnownFor. Nothing was taken. Try again after the time in Retry-After."
        );
    }

    public static IResult UnknownKey() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-key",
            "There is no such key",
            "It is unknown or revoked; GET /v1/keys lists them by id."
        );

    public static IResult KeysNotAskedFor() =>
        Problem(
            StatusCodes.Status409Conflict,
            "keys-not-asked-for",
            "This host asks nobody for a key",
            "A key that anybody can make is worth nothing. Set Auth:Mode=Keys; embedded, and with it, Auth:FirstKey to what "
                + "'keys generate' prints. On real servers 'keys create' on the command line makes one."
        );

    public static IResult UnknownFailedMessage() =>
        Problem(StatusCodes.Status404NotFound, "unknown-failed-message", "There is no such failed message", "See /v1/failed-messages.");

    public static IResult NoEditing() =>
        Problem(
            StatusCodes.Status409Conflict,
            "editing-is-off",
            "Failed messages are put back as they came",
            "This host takes no edited body. Leave body out, or set Operators:EditFailedMessages=true."
        );

    public static IResult UnknownFailedMessageEdit() =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-edit",
            "The failed message was not edited under this number",
            "GET /v1/failed-messages/{id} lists its edits."
        );

    public static IResult UnknownRepair() =>
        Problem(StatusCodes.Status404NotFound, "unknown-repair", "There is no such repair", "GET /v1/repairs lists those there are.");

    public static IResult UnknownTemplateVersion(string category) =>
        Problem(
            StatusCodes.Status404NotFound,
            "unknown-template-version",
            "There is no such version of these texts on record",
            $"GET /v1/templates/{Uri.EscapeDataString(category)}/versions lists those there are."
        );

    public static IResult NoChangeOfRepair(string status) =>
        Problem(
            StatusCodes.Status409Conflict,
            "no-change-of-repair",
            "The repair does not stand so that it could be",
            $"It is {status}. Only one that is running can be paused, and one that is done or stopped ends so; "
                + "plan another one for what is left."
        );

    public static IResult NoReceipts() =>
        Problem(
            StatusCodes.Status404NotFound,
            "no-receipts",
            "Nobody takes receipts here",
            "The last part of the address is the name of an account whose vendor reports, as in Providers:{account}."
        );

    public static IResult RefusedReceipt() =>
        Problem(
            StatusCodes.Status401Unauthorized,
            "refused-receipt",
            "It is not from the vendor",
            "The signature or the time is not right. The log of the host says which setting of the account to check."
        );

    public static IResult UnreadableReceipt() =>
        Problem(
            StatusCodes.Status400BadRequest,
            "unreadable-receipt",
            "The receipt cannot be read",
            "The log of the host says why. Post what the vendor posts, unchanged."
        );

    /// <summary>A server that is needed does not answer now.</summary>
    public static IResult Unavailable(HttpContext context)
    {
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        return Problem(
            StatusCodes.Status503ServiceUnavailable,
            "unavailable",
            "A server behind this one does not answer",
            $"{WhatToDo(context.Request)} Try again after the time in Retry-After."
        );
    }

    /// <summary>A list of the console's took longer to read than it may.</summary>
    public static IResult TookTooLong() =>
        Problem(
            StatusCodes.Status503ServiceUnavailable,
            "took-too-long",
            "This takes too long to read",
            "The console asks for two seconds at most. Narrow it: a shorter time, a recipient, a key."
        );

    /// <summary>The broker would confirm it and drop it. By which policy and on which queue is not for the world.</summary>
    static ProblemAnswer WouldBeLost(HttpContext context, string reason)
    {
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        // The request has no endpoint any more.
        return context.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.IsForTheWorld() == true
            ? Problem(
                StatusCodes.Status503ServiceUnavailable,
                "unavailable",
                "It cannot be taken now",
                "Try again after the time in Retry-After."
            )
            : Problem(
                StatusCodes.Status503ServiceUnavailable,
                "would-be-lost",
                "What is taken now would be lost",
                $"Nothing was taken: {reason}. Try again after the time in Retry-After."
            );
    }

    static string WhatToDo(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) ? "Nothing was changed."
        : HttpMethods.IsPost(request.Method) && request.Path is { Value: "/v1/notifications" or BatchApi.Path }
        || request.Path.StartsWithSegments("/v1/events", StringComparison.Ordinal)
            ? "Nothing was promised: the same eventId or Idempotency-Key makes a repetition harmless even if this call arrived."
        : "It may have been done: doing it again is harmless.";

    /// <summary>
    /// Answers whoever asks on a port for the world for what is not for the world. It says nothing about what there is on others.
    /// </summary>
    public static IResult NothingForTheWorld() =>
        Problem(
            StatusCodes.Status404NotFound,
            "not-found",
            "There is nothing here",
            "This address takes receipts of vendors and links to unsubscribe, under the paths they were given."
        );

    /// <summary>The request names this host by a name that is not its own.</summary>
    public static IResult UnknownHost() =>
        Problem(
            StatusCodes.Status400BadRequest,
            "unknown-host",
            "This host does not go by that name",
            "Call it by a name in AllowedHosts, or add the name there."
        );

    /// <summary>The path leads somewhere else than it seems to.</summary>
    public static IResult NotPlain() =>
        Problem(
            StatusCodes.Status404NotFound,
            "not-found",
            "There is nothing here",
            "Write the path as it is in the end: its fixed parts in lower case, without . and .., doubled slashes and backslashes, "
                + "and no letter, digit, -, ., _ or ~ as %."
        );

    /// <summary>More is asked for than is taken at the same time.</summary>
    public static IResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = $"{RetryWhenBusySeconds}";
        return Problem(
            StatusCodes.Status429TooManyRequests,
            "busy",
            "Too many calls at the same time",
            "Nothing was taken. Try again after the time in Retry-After."
        );
    }

    /// <summary>Somebody calls more often than is allowed.</summary>
    public static IResult TooManyCalls(HttpContext context, string policy, long seconds)
    {
        context.Response.Headers.RetryAfter = string.Create(CultureInfo.InvariantCulture, $"{seconds}");
        return Problem(
            StatusCodes.Status429TooManyRequests,
            "too-many-calls",
            $"Too many calls of one {policy}",
            "Nothing was taken. RateLimit-Policy says how many are allowed in how many seconds. Try again after the time in Retry-After."
        );
    }

    /// <summary>A stream by filter is not on record any more, or lacks what came after the place.</summary>
    public static IResult StreamOver() =>
        Problem(
            StatusCodes.Status410Gone,
            "stream-over",
            "What came after that event is no longer kept",
            "Nobody has read the stream for Streams:KeptFor, or it was opened for another application. Leave Last-Event-ID out to open "
                + "another one, which begins now; GET /v1/notifications says what has become of what was missed."
        );

    /// <summary>More streams by filter are on record than may be.</summary>
    public static IResult TooManyFilters() =>
        Problem(
            StatusCodes.Status409Conflict,
            "too-many-filters",
            "There are too many streams by filter",
            $"An application may have {StreamListener.Most}, and all together {StreamListener.MostInAll}, and somebody reads each of them. "
                + "Close those that are not needed: a minute later they make room. Last-Event-ID takes one up again."
        );

    /// <summary>More streams are open than are held.</summary>
    public static IResult TooManyStreams(HttpContext context, bool ofCaller)
    {
        context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        return ofCaller
            ? Problem(
                StatusCodes.Status429TooManyRequests,
                "too-many-streams",
                "Too many streams of one key are open",
                "Close those that nobody reads, or raise Streams:MostPerKey. Try again after the time in Retry-After."
            )
            : Problem(
                StatusCodes.Status503ServiceUnavailable,
                "too-many-streams",
                "This host has as many streams as it holds",
                "Try again after the time in Retry-After, or raise Streams:MostPerHost. GET /v1/notifications/{id} answers as ever."
            );
    }

    /// <summary>More that nobody knows is to be cancelled than is waited for.</summary>
    public static IResult TooManyUnknown(HttpContext context)
    {
        context.Response.Headers.RetryAfter = $"{UnknownCancellations.Window.TotalSeconds}";
        return Problem(
            StatusCodes.Status429TooManyRequests,
            "too-many-unknown",
            "Too many notifications that are not on record are to be cancelled",
            $"In {UnknownCancellations.Window.TotalMinutes} minutes a caller may cancel {UnknownCancellations.MostOfACaller} before "
                + "their events have come. Publish CancelNotification, or cancel when the notification is on record."
        );
    }

    /// <summary>Gives every error without a body one, and turns what nobody planned into an answer without details.</summary>
    public static void UseProblemDetails(this WebApplication app)
    {
        app.UseExceptionHandler(
            new ExceptionHandlerOptions
            {
                ExceptionHandler = async context =>
                {
                    var exception = context.Features.Get<IExceptionHandlerFeature>()?.Error;
                    if (Outage(exception) is { } outage)
                        DatabaseIsAway(app.Logger, outage.Message);
                    await ForException(context, exception).ExecuteAsync(context);
                },
                // Thousands of callers may be told the same; whoever refuses them says so once. For an outage a line is enough.
                SuppressDiagnosticsCallback = failed =>
                    failed.Exception is IntakeBusyException or IntakeClosedException or BrokerUnavailableException
                    || Outage(failed.Exception) is not null,
            }
        );
        var isApi = app.Services.GetRequiredService<HostSettings>().IsApi;
        app.UseStatusCodePages(async context =>
            await (
                context.HttpContext.Response.StatusCode == StatusCodes.Status404NotFound
                && IdPlaces.WrongIn(context.HttpContext) is { } place
                    ? NoUuid(place)
                    : ForStatus(context.HttpContext.Response.StatusCode, isApi)
            ).ExecuteAsync(context.HttpContext)
        );
    }

    /// <summary>Answers with what the server found wrong with a request while it was read.</summary>
    /// <param name="context">The request.</param>
    /// <param name="exception">What it said.</param>
    /// <param name="longest">The most bytes that are read there.</param>
    public static IResult ForRefused(HttpContext context, BadHttpRequestException exception, long longest = HttpLimits.BodySize) =>
        exception.StatusCode switch
        {
            StatusCodes.Status413PayloadTooLarge => TooLarge(longest),
            StatusCodes.Status429TooManyRequests => Busy(context),
            _ => ForStatus(exception.StatusCode),
        };

    /// <summary>The problem that an answer is, as one of several in the answer to a call.</summary>
    /// <param name="problem">A problem of this class.</param>
    /// <param name="mostErrors">The most places it names.</param>
    public static ProblemDetails Within(IResult problem, int mostErrors) => ((ProblemAnswer)problem).Within(mostErrors);

    /// <summary>Adds what the log has the call under.</summary>
    public static void AddTraceId(ProblemDetails problem, HttpContext context) =>
        // Without an activity the server's own name for the request is what the log has.
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;

    /// <summary>The answer to what came of an exception.</summary>
    public static IResult ForException(HttpContext context, Exception? exception)
    {
        switch (exception)
        {
            case BadHttpRequestException refused:
                return ForRefused(context, refused);

            case IntakeBusyException:
                return Busy(context);

            case IntakeClosedException:
                return WouldBeLost(context, exception.Message);

            case BrokerUnavailableException
            or MassTransit.MassTransitException:
            case not null when Database(exception) is not null:
                return Unavailable(context);

            default:
                return ForStatus(StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>Finds what the database said. EF Core wraps what it takes for an outage.</summary>
    static DbException? Database(Exception? exception) =>
        exception as DbException ?? (exception as InvalidOperationException)?.InnerException as DbException;

    static DbException? Outage(Exception? exception) => Database(exception) is { } outage && Outages.IsTransient(outage) ? outage : null;

    [LoggerMessage(LogLevel.Error, "PostgreSQL does not answer, and a caller is told to come again: {Reason}")]
    static partial void DatabaseIsAway(ILogger log, string reason);

    static ProblemAnswer ForStatus(int status, bool isApi = true) =>
        status switch
        {
            StatusCodes.Status404NotFound => Problem(
                status,
                "not-found",
                "There is nothing here",
                isApi
                    ? "See /v1/notifications, /v1/events/{name} and /v1/status."
                    : "This host works, and takes no calls (Roles): it answers /health/live and /health/ready. "
                        + "Call one that has the role api."
            ),
            StatusCodes.Status405MethodNotAllowed => Problem(
                status,
                "method-not-allowed",
                "This address does not take that method",
                "The Allow header names those it takes."
            ),
            StatusCodes.Status500InternalServerError => Problem(
                status,
                "internal",
                "Something failed that should not",
                "The log has it under the traceId. Try again; if it stays so, report it with that."
            ),
            StatusCodes.Status408RequestTimeout => Problem(
                status,
                "refused",
                "The request was refused",
                "Its body did not come in time: send it at once."
            ),
            _ => Problem(
                status,
                "refused",
                "The request was refused",
                $"{ReasonPhrases.GetReasonPhrase(status)}: send it as HTTP/1.1 has it (RFC 9112)."
            ),
        };

    static ProblemAnswer NoUuid(string place) =>
        Problem(
            StatusCodes.Status404NotFound,
            "not-found",
            "There is nothing here",
            $"Ids are UUIDs, and what stands for {place} is none. Take it as it was answered, such as 0199a3c4-5b6d-7e8f-9012-3456789abcde."
        );

    static string DidYouMean(string name, IReadOnlyCollection<string> known) =>
        Spelling.Meant(name, known) is { } meant ? $" Did you mean {meant}?" : "";

    static ProblemAnswer Problem(int status, string type, string title, string detail, IReadOnlyDictionary<string, string[]>? errors = null)
    {
        var problem = new ProblemDetails
        {
            Status = status,
            Type = $"urn:notificationbus:problem:{type}",
            Title = title,
            Detail = detail,
        };
        if (errors is not null)
            problem.Extensions[Errors] = errors;

        return new ProblemAnswer(problem);
    }

    sealed class ProblemAnswer(ProblemDetails problem) : IResult
    {
        public ProblemDetails Within(int mostErrors)
        {
            if (problem.Extensions.TryGetValue(Errors, out var named) && named is IReadOnlyDictionary<string, string[]> errors)
            {
                if (mostErrors <= 0)
                    problem.Extensions.Remove(Errors);
                else if (errors.Count > mostErrors)
                    problem.Extensions[Errors] = errors.Take(mostErrors).ToDictionary(StringComparer.Ordinal);
            }

            return problem;
        }

        public Task ExecuteAsync(HttpContext httpContext)
        {
            AddTraceId(problem, httpContext);
            return Results.Json(problem, statusCode: problem.Status, contentType: "application/problem+json").ExecuteAsync(httpContext);
        }
    }
}
