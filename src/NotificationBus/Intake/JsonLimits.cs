using System.Text.Json;

namespace NotificationBus.Intake;

/// <summary>
/// Limits of a body of JSON, over HTTP and on the bus alike. Looked at in one pass over the bytes before anything is made of them, so that
/// whatever walks the body afterwards has an end: its work is at most the number of values times the longest name.
/// </summary>
public static class JsonLimits
{
    /// <summary>The longest name of a property in characters.</summary>
    public const int LongestName = 200;

    /// <summary>The most values of a body: objects, lists, texts, numbers and the rest, counted together.</summary>
    public const int MostValues = 10_000;

    /// <summary>The most properties of one object: templates look them up again and again.</summary>
    public const int MostProperties = 1_000;

    /// <summary>The most characters of a number. No database and no language counts that far.</summary>
    public const int LongestNumber = 100;

    // One character may be written as \u0000, half a pair even twice.
    const int LongestEscape = 6;

    /// <summary>The depth at which this pass ends. What is deeper, every reader refuses before it has made anything of it.</summary>
    public const int Depth = 128;

    /// <summary>
    /// Returns the reason why a body is not read; null when it keeps the limits, or is no JSON, which its reader says better.
    /// </summary>
    /// <param name="body">UTF-8.</param>
    /// <param name="mostValues">The most values it may have.</param>
    public static string? Refuse(ReadOnlySpan<byte> body, int mostValues = MostValues)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Depth });
        Span<int> properties = stackalloc int[Depth + 1];
        var values = 0;
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName when IsLong(ref reader):
                        return $"has a property at byte {reader.TokenStartIndex + 1} whose name is longer than {LongestName} characters";

                    case JsonTokenType.PropertyName when ++properties[reader.CurrentDepth] > MostProperties:
                        return $"has an object of more than {MostProperties} properties";

                    case JsonTokenType.PropertyName
                    or JsonTokenType.EndObject
                    or JsonTokenType.EndArray:
                        break;

                    case JsonTokenType.Number when reader.ValueSpan.Length > LongestNumber:
                        return $"has a number at byte {reader.TokenStartIndex + 1} that is longer than {LongestNumber} characters";

                    case var _ when ++values > mostValues:
                        return $"has more than {mostValues} values";

                    case JsonTokenType.StartObject:
                        properties[reader.CurrentDepth + 1] = 0;
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // What is no JSON breaks no limit. Whoever reads it next says where it ends to be one.
        }

        return null;
    }

    static bool IsLong(ref Utf8JsonReader reader)
    {
        var length = reader.ValueSpan.Length;
        if (length <= LongestName)
            return false;
        if (length > LongestName * LongestEscape)
            return true;

        try
        {
            Span<char> name = stackalloc char[LongestName * LongestEscape];
            return reader.CopyString(name) > LongestName;
        }
        catch (InvalidOperationException)
        {
            // No Unicode; whoever reads the names says so.
            return false;
        }
    }
}
