using System.ComponentModel.DataAnnotations;
using System.Globalization;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Push.Providers;

/// <summary>A project of Firebase Cloud Messaging: <c>Providers:{account}</c>.</summary>
public sealed class FcmOptions : HttpVendorOptions
{
    /// <summary>
    /// The key file of a service account that may send messages (role "Firebase Cloud Messaging API Admin"). Required, unless
    /// <see cref="ServiceAccount"/> is set.
    /// </summary>
    public string? ServiceAccountFile { get; set; }

    /// <summary>The content of such a file, JSON, where secrets come from the environment; never logged. Default: none.</summary>
    public string? ServiceAccount { get; set; }

    /// <summary>The project messages are sent from. Default: the service account's.</summary>
    public string? ProjectId { get; set; }

    /// <inheritdoc />
    protected override string DefaultUrl => "https://fcm.googleapis.com";

    internal FcmServiceAccount? Account => ReadKey() is { } text ? FcmServiceAccount.Read(text) : null;

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var wrong in base.Validate(validationContext))
            yield return wrong;

        if (string.IsNullOrEmpty(ServiceAccount) && string.IsNullOrEmpty(ServiceAccountFile))
            yield return new ValidationResult("must be set to the key file of a service account", [nameof(ServiceAccountFile)]);
        else if (ReadKey() is null)
            yield return new ValidationResult("names a file that cannot be read", [nameof(ServiceAccountFile)]);
        else if (Account is null)
            yield return new ValidationResult(
                "must be the key file of a service account: JSON with project_id, client_email, private_key and token_uri",
                [string.IsNullOrEmpty(ServiceAccount) ? nameof(ServiceAccountFile) : nameof(ServiceAccount)]
            );

        if (ProjectId?.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or ':' or '.') == false)
            yield return new ValidationResult("must be the id of a project, such as shop-4711", [nameof(ProjectId)]);
    }

    string? ReadKey() => string.IsNullOrEmpty(ServiceAccount) ? KeyFile.Read(ServiceAccountFile) : ServiceAccount;
}

/// <summary>
/// Sends to Android, Apple devices and browsers through FCM, HTTP v1. On the device a repeated delivery takes the place of the first one.
/// Sources: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, /docs/reference/fcm/rest/v1/ErrorCode and
/// /docs/cloud-messaging/error-codes.
/// </summary>
public sealed class FcmPushProvider : PushVendor
{
    // What a message may carry: notification and data, keys and values (ErrorCode, "Message too big").
    const int LongestPayload = 4096;

    readonly WrongShare _mismatches = new();
    readonly FcmAccessToken _token;
    readonly string _path;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Dates assertions, ends access tokens and what takes too long.</param>
    public FcmPushProvider(string name, FcmOptions options, TimeProvider clock)
        : base(name, PushVendorKind.Fcm, options, clock)
    {
        var account = options.Account ?? throw new ArgumentException("there is no service account", nameof(options));
        _token = new FcmAccessToken(account, options, clock);
        _path = $"/v1/projects/{(string.IsNullOrEmpty(options.ProjectId) ? account.ProjectId : options.ProjectId)}/messages:send";
    }

    /// <inheritdoc />
    /// <remarks>With the time to get an access token.</remarks>
    public override TimeSpan LongestCall => 2 * base.LongestCall;

    // 500 INTERNAL and 503 UNAVAILABLE: the server could not process the request, which may be made again (ErrorCode).
    /// <inheritdoc />
    protected override ServerErrors Errors { get; } = ServerErrors.Usual;

    /// <inheritdoc />
    protected override string Credentials => "the service account, its role, and that the API of FCM is switched on in the project";

    /// <inheritdoc />
    public override async ValueTask DisposeAsync()
    {
        _token.Dispose();
        await base.DisposeAsync();
    }

    /// <inheritdoc />
    protected override Task<ProviderResult> SendTo(Delivery delivery, CancellationToken cancellationToken) =>
        CallWithToken(
            "Bearer",
            refused => _token.Get(delivery, refused, cancellationToken),
            answer => answer.Status == 401 && ErrorOf(answer) != "THIRD_PARTY_AUTH_ERROR",
            delivery,
            cancellationToken
        );

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        delivery.Content is PushContent content
        && JsonBytes(
            new
            {
                content.Title,
                content.Body,
                content.DeepLink,
                content.Image,
                content.Data,
                delivery.NotificationId,
                delivery.Id,
                delivery.Category,
            }
        ).Length > LongestPayload
            ? new ProviderResult.Declined($"the message is longer than the {LongestPayload} octets FCM takes")
            : null;

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery)
    {
        var content = (PushContent)delivery.Content;
        var name = $"{delivery.NotificationId}";
        var seconds = ((long)TimeToLive(delivery).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var end = (Clock.GetUtcNow() + TimeToLive(delivery)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return Post(
            _path,
            Json(
                new
                {
                    message = new
                    {
                        token = delivery.Address,
                        notification = new
                        {
                            title = content.Title,
                            body = content.Body,
                            image = content.Image,
                        },
                        data = DataOf(delivery, content),
                        android = new
                        {
                            priority = "HIGH",
                            ttl = $"{seconds}s",
                            notification = new { tag = name },
                        },
                        apns = new
                        {
                            headers = new Dictionary<string, string>(StringComparer.Ordinal)
                            {
                                ["apns-collapse-id"] = name,
                                ["apns-expiration"] = end,
                            },
                            // An extension of the app fetches the picture.
                            payload = content.Image is null
                                ? null
                                : new { aps = new Dictionary<string, int>(StringComparer.Ordinal) { ["mutable-content"] = 1 } },
                            fcm_options = content.Image is { } image ? new { image } : null,
                        },
                        webpush = new
                        {
                            headers = new { TTL = seconds, Topic = $"{delivery.NotificationId:N}" },
                            notification = new { tag = name },
                            // WebpushFcmOptions takes nothing but https. What else it is, the page finds in the data.
                            fcm_options = content.DeepLink is { } link && link.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                                ? new { link }
                                : null,
                        },
                    },
                }
            )
        );
    }

    static Dictionary<string, string> DataOf(Delivery delivery, PushContent content)
    {
        var data = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["notificationId"] = $"{delivery.NotificationId}",
            ["deliveryId"] = $"{delivery.Id}",
            ["category"] = delivery.Category,
        };
        if (content.DeepLink is { } link)
            data["deepLink"] = link;
        foreach (var (key, value) in content.Data ?? new Dictionary<string, string>(StringComparer.Ordinal))
            data[key] = value;
        return data;
    }

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery)
    {
        if (answer.Status == 200 && answer.Id("name") is { } id)
        {
            _mismatches.Right();
            return new ProviderResult.Accepted(id);
        }

        return TranslateFailure(answer);
    }

    ProviderResult TranslateFailure(HttpAnswer answer) =>
        (answer.Status, ErrorOf(answer)) switch
        {
            // A token that is gone, with a detail that says so, or without one.
            (404, "UNREGISTERED" or "NOT_FOUND") => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // Not FCM's word: neither project nor method is there.
            (404, _) => new ProviderResult.Misconfigured($"{answer}: check ProjectId and Url"),
            (400, "INVALID_ARGUMENT") when IsOfToken(answer) => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            (403, "SENDER_ID_MISMATCH") => OfMismatch(answer),
            // Of Apple devices and browsers only; Android's get theirs.
            (401, "THIRD_PARTY_AUTH_ERROR") => new ProviderResult.Unavailable(
                $"{answer}: check the key of APNs in Firebase's project settings",
                OnlyThisDelivery: true
            ),
            (429, _) when IsOfDevice(answer) => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter, OnlyThisDelivery: true),
            (429, _) => new ProviderResult.Throttled($"{answer}", answer.RetryAfter),
            _ => ByStatus(answer),
        };

    // FCM's own code; where the details are left out, its words, and else the code that all of Google's services have.
    static string? ErrorOf(HttpAnswer answer) =>
        DetailsOf(answer, "FcmError").FirstOrDefault().Find("errorCode")
        ?? (
            Says(answer, "SenderId mismatch") ? "SENDER_ID_MISMATCH"
            : Says(answer, "Auth error from APNS or Web Push Service") ? "THIRD_PARTY_AUTH_ERROR"
            : answer.Find("error.status")
        );

    // The same status says that our message is wrong. Only these words are about the token, unless they are said of another field.
    static bool IsOfToken(HttpAnswer answer)
    {
        var fields = DetailsOf(answer, "BadRequest")
            .SelectMany(detail => detail.Items("fieldViolations"))
            .Select(violation => violation.Find("field"))
            .ToList();
        return fields.Contains("message.token", StringComparer.Ordinal)
            || (
                Says(answer, "The registration token is not a valid FCM registration token")
                && (fields.Count == 0 || DetailsOf(answer, "FcmError").Any())
            );
    }

    // From its beginning: what follows may repeat what we said.
    static bool Says(HttpAnswer answer, string words) =>
        answer.Find("error.message")?.TrimStart().StartsWith(words, StringComparison.OrdinalIgnoreCase) == true;

    // Not the token's fault where the service account is the wrong one: then all are of another project.
    ProviderResult OfMismatch(HttpAnswer answer) =>
        _mismatches.Wrong() switch
        {
            true => new ProviderResult.Misconfigured($"{answer}, like many others: check the service account and ProjectId"),
            false => new ProviderResult.Rejected($"{answer}: the token belongs to another project", AddressIsWrong: true),
            null => new ProviderResult.Rejected($"{answer}: the token belongs to another project, or the service account does"),
        };

    // The rate of messages to one device; the account has a quota of its own.
    static bool IsOfDevice(HttpAnswer answer) =>
        DetailsOf(answer, "QuotaFailure")
            .SelectMany(detail => detail.Items("violations"))
            .Any(violation => violation.Find("description")?.Contains("device", StringComparison.OrdinalIgnoreCase) == true);

    static IEnumerable<System.Text.Json.JsonElement> DetailsOf(HttpAnswer answer, string type) =>
        (answer.Json?.Items("error.details") ?? []).Where(detail =>
            detail.Find("@type")?.EndsWith($".{type}", StringComparison.Ordinal) == true
        );
}
