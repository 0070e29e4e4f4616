using System.Collections.Frozen;
using System.Text.RegularExpressions;
using NotificationBus.Channels.Http;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Channels.Push;

/// <summary>What a push message may carry besides its text.</summary>
static partial class PushExtrasRules
{
    const int LongestUrl = 2048;
    const int MostValues = 50;

    // What FCM takes of a message, keys and values, and APNs of the whole payload: no value can be longer.
    const int LongestValue = 4096;

    // Whoever opens one runs a script, reads a file of the device, or starts another app with what a stranger says.
    static readonly FrozenSet<string> BadSchemes = new[]
    {
        "http",
        "javascript",
        "vbscript",
        "data",
        "file",
        "blob",
        "filesystem",
        "about",
        "content",
        "intent",
        "android-app",
        "view-source",
        "jar",
        "chrome",
        "ftp",
        "ws",
        "wss",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // FCM's own (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, data), APNs's, and ours.
    static readonly FrozenSet<string> Reserved = new[]
    {
        "from",
        "notification",
        "message_type",
        "collapse_key",
        "aps",
        "title",
        "body",
        "tag",
        "notificationId",
        "deliveryId",
        "category",
        "deepLink",
        "image",
        "data",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static IEnumerable<Breach> Check(PushExtras push)
    {
        if (push.DeepLink is { } link && RefuseLink(link) is { } badLink)
            yield return new Breach("push.deepLink", badLink);
        if (push.Image is { } image && AddressGuard.Refuse(image) is { } badImage)
            yield return new Breach("push.image", badImage);

        var data = push.Data ?? FrozenDictionary<string, string>.Empty;
        if (data.Count > MostValues)
            yield return new Breach("push.data", $"must be at most {MostValues} values");
        foreach (var (name, value) in data.Take(MostValues))
        {
            // A name that may be none may be of any length, and is not repeated.
            if (!Name().IsMatch(name))
                yield return new Breach(
                    "push.data",
                    "has a name that is not of 1 to 50 letters, digits, -, _ or ., beginning with a letter"
                );
            else if (
                Reserved.Contains(name)
                || name.StartsWith("google", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("gcm", StringComparison.OrdinalIgnoreCase)
            )
                yield return new Breach($"push.data.{name}", "is a name that vendors or we use for something else");
            else if (value is null || value.Length > LongestValue || value.Contains('\0', StringComparison.Ordinal))
                yield return new Breach($"push.data.{name}", $"must be at most {LongestValue} characters of text");
        }
    }

    static string? RefuseLink(string link) =>
        link.Length > LongestUrl ? $"must be at most {LongestUrl} characters"
        : link.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) ? "must not have spaces or control characters"
        : !Link().IsMatch(link) || !Uri.TryCreate(link, UriKind.Absolute, out var url) ? "must be of the form scheme://…"
        : BadSchemes.Contains(url.Scheme) ? "must begin with https://, or with the scheme of an app"
        : null;

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9+.-]*://.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Link();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_.-]{0,49}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
