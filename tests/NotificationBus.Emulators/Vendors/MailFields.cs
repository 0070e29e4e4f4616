using System.Text.Json;

namespace NotificationBus.Emulators.Vendors;

/// <summary>What vendors of e-mail demand of copies and attachments, each under its own names.</summary>
static class MailFields
{
    /// <summary>True when no mailbox stands there twice.</summary>
    public static bool AreDistinct(IReadOnlyList<string> mailboxes) =>
        mailboxes.Distinct(StringComparer.OrdinalIgnoreCase).Count() == mailboxes.Count;

    /// <summary>A field of each of a list; none when there is no list.</summary>
    public static IEnumerable<string> Each(ReceivedRequest request, string list, string field)
    {
        for (var index = 0; request.Find($"{list}.{index}.{field}") is { } value; index++)
            yield return value;
    }

    /// <summary>True when each file has a name that is no path, and octets in base64; also when there is none.</summary>
    public static bool AreFiles(ReceivedRequest request, string list, string name, string content)
    {
        if (request.Json is not { } body || !body.TryGetProperty(list, out var files))
            return true;

        return files.ValueKind == JsonValueKind.Array
            && files
                .EnumerateArray()
                .All(file =>
                    file.TryGetProperty(name, out var called)
                    && called.GetString() is { Length: > 0 } said
                    && !said.AsSpan().ContainsAny("/\\")
                    && file.TryGetProperty(content, out var octets)
                    && octets.TryGetBytesFromBase64(out var read)
                    && read.Length > 0
                );
    }
}
