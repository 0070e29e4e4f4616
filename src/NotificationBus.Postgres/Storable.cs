using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Postgres;

/// <summary>
/// Makes a text one that PostgreSQL stores: it has no place for U+0000 (SQLSTATE 22021, in JSON 22P05), and none for half a character. What
/// a vendor answers or a caller sends may have both, and must not keep the outcome from being recorded.
/// </summary>
static class Storable
{
    const char Nul = '\0';
    const char Replacement = '\uFFFD';
    const string EscapedNul = "\\u0000";
    const string EscapedReplacement = "\\uFFFD";

    /// <summary>All texts among the values of a statement.</summary>
    public static void MakeAll(NpgsqlParameterCollection parameters)
    {
        foreach (NpgsqlParameter parameter in parameters)
        {
            switch (parameter)
            {
                case NpgsqlParameter<string[]> { TypedValue: { } texts }:
                    for (var i = 0; i < texts.Length; i++)
                        texts[i] = Made(texts[i], parameter)!;
                    break;

                case NpgsqlParameter<string> typed:
                    typed.TypedValue = Made(typed.TypedValue, parameter);
                    break;

                // The value of any other that is typed would be boxed to be looked at.
                case var _ when parameter.GetType() == typeof(NpgsqlParameter) && parameter.Value is string text:
                    parameter.Value = Made(text, parameter);
                    break;
            }
        }
    }

    /// <summary>A text, with a mark in the place of what cannot be stored.</summary>
    public static string? Text(string? text)
    {
        if (text is null || IsStorable(text))
            return text;

        return string.Create(
            text.Length,
            text,
            (made, original) =>
            {
                original.CopyTo(made);
                for (var i = 0; i < made.Length; i++)
                {
                    if (char.IsHighSurrogate(made[i]) && i + 1 < made.Length && char.IsLowSurrogate(made[i + 1]))
                        i++;
                    else if (made[i] == Nul || char.IsSurrogate(made[i]))
                        made[i] = Replacement;
                }
            }
        );
    }

    /// <summary>The same for JSON, where U+0000 is written as an escape.</summary>
    public static string Json(string json)
    {
        var made = Text(json)!;
        var at = made.IndexOf(EscapedNul, StringComparison.Ordinal);
        if (at < 0)
            return made;

        var all = made.ToCharArray();
        for (; at >= 0; at = made.IndexOf(EscapedNul, at + 1, StringComparison.Ordinal))
        {
            // After an odd number of backslashes it is a backslash, and the text "u0000".
            if (BackslashesBefore(made, at) % 2 == 0)
                EscapedReplacement.CopyTo(all.AsSpan(at));
        }

        return new string(all);
    }

    // The type is asked for only where it matters: Npgsql looks through all it knows.
    static string? Made(string? text, NpgsqlParameter parameter) =>
        text?.Contains(EscapedNul, StringComparison.Ordinal) == true && IsJson(parameter) ? Json(text) : Text(text);

    // Not json, which is kept as it was written: there the escape is as good as any.
    static bool IsJson(NpgsqlParameter parameter) =>
        parameter.NpgsqlDbType is NpgsqlDbType.Jsonb or (NpgsqlDbType.Array | NpgsqlDbType.Jsonb);

    static bool IsStorable(string text) =>
        !text.Contains(Nul) && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') || HasOnlyPairs(text);

    static bool HasOnlyPairs(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == Nul)
                return false;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                return false;

            i++;
        }

        return true;
    }

    static int BackslashesBefore(string text, int at)
    {
        var count = 0;
        while (at - count > 0 && text[at - count - 1] == '\\')
            count++;
        return count;
    }
}
