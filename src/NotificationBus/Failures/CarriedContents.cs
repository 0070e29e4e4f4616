using System.Text.Json;

namespace NotificationBus.Failures;

/// <summary>
/// Takes out of a command what it says, before it is recorded as failed: texts of people lie in one place, with a retention of its own, and
/// a replay finds them there. Nothing else of the body is touched.
/// </summary>
static class CarriedContents
{
    static ReadOnlySpan<byte> Nothing => "null"u8;

    /// <summary>The body without contents; the same one when it carries none, or is no JSON.</summary>
    public static byte[] LeaveOut(byte[] body)
    {
        if (body.AsSpan().IndexOf("\"body\""u8) < 0)
            return body;

        try
        {
            return Find(body) is { Count: > 0 } found ? Without(body, found) : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    /// <summary>
    /// Where contents stand: in a command alone, in one of several that share a message, or in the fault of one. Whatever the event's own
    /// data is called, it stands below another name.
    /// </summary>
    static List<Range> Find(byte[] body)
    {
        var found = new List<Range>();
        var path = new Stack<string>();
        var name = "";
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 128 });
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    break;

                case JsonTokenType.StartObject
                or JsonTokenType.StartArray:
                    path.Push(name);
                    break;

                case JsonTokenType.EndObject
                or JsonTokenType.EndArray:
                    name = path.Pop();
                    break;

                case JsonTokenType.String when name == "body" && IsContent(path):
                    found.Add(checked((int)reader.TokenStartIndex)..checked((int)reader.BytesConsumed));
                    break;
            }
        }

        return found;
    }

    // From the inside to the outside: content, then message or commands, and nothing else.
    static bool IsContent(Stack<string> path) =>
        path.Count > 2 && path.First() == "content" && path.Skip(1).SkipLast(1).All(step => step is "message" or "commands");

    static byte[] Without(byte[] body, List<Range> found)
    {
        using var left = new MemoryStream(body.Length);
        var end = 0;
        foreach (var range in found)
        {
            left.Write(body.AsSpan(end..range.Start.Value));
            left.Write(Nothing);
            end = range.End.Value;
        }

        left.Write(body.AsSpan(end));
        return left.ToArray();
    }
}
