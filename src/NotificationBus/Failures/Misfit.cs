using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Contracts;

namespace NotificationBus.Failures;

/// <summary>
/// Says what in a message does not fit its contract: names the property, and says what it should be, as the HTTP API does. System.Text.Json
/// names our types instead, and quotes nothing of the message.
/// </summary>
static partial class Misfit
{
    /// <summary>The reason, such as <c>orderId must be a string</c>; null when the exception speaks of something else.</summary>
    public static string? Of(Exception exception)
    {
        for (var link = exception; link is not null; link = link.InnerException)
        {
            if (link is JsonException { Path: not null } json && Read(json) is { } reason)
                return reason;
        }

        return null;
    }

    static string? Read(JsonException exception)
    {
        if (Unconverted().Match(exception.Message) is { Success: true } unconverted)
            return $"{Name(exception.Path!)} must be {Wanted(unconverted.Groups["type"].Value, exception.GetBaseException())}";
        if (Incomplete().Match(exception.Message) is { Success: true } incomplete)
            return string.Join(
                "; ",
                incomplete.Groups["names"].Value.Split(',').Select(name => $"{Name($"{exception.Path}.{name.Trim(' ', '\'')}")} is missing")
            );
        if (Twice().Match(exception.Message) is { Success: true } twice)
            return $"{twice.Groups["name"].Value} is there twice";

        return null;
    }

    /// <summary>As the caller knows it: <c>seller.pushTokens[0]</c> for <c>$.seller.pushTokens[0]</c>.</summary>
    static string Name(string path) => path.TrimStart('$').TrimStart('.') is { Length: > 0 } name ? name : "the message";

    static string Wanted(string type, Exception root)
    {
        if (type.StartsWith("System.Nullable`1[", StringComparison.Ordinal))
            type = type["System.Nullable`1[".Length..^1];

        return type switch
        {
            "System.String" => root.Message.Contains("UTF", StringComparison.Ordinal) ? "valid Unicode text" : "a string",
            "System.Boolean" => "true or false",
            "System.Byte" or "System.Int16" or "System.Int32" or "System.Int64" or "System.UInt16" or "System.UInt32" =>
                "a whole number in range",
            "System.Decimal" or "System.Double" or "System.Single" => "a number in range",
            "System.Guid" => "a UUID",
            "System.DateTime" or "System.DateTimeOffset" => "a date with time, such as 2026-01-31T12:00:00Z",
            "System.TimeSpan" => "a time span, such as 00:10:00",
            "System.Uri" => "an address",
            _ when type.StartsWith("System.Collections.Generic.", StringComparison.Ordinal) => type.Contains(
                "Dictionary`2",
                StringComparison.Ordinal
            )
                ? "an object"
                : "an array",
            _ when type.EndsWith("[]", StringComparison.Ordinal) => "an array",
            _ when typeof(NotificationRequested).Assembly.GetType(type) is { IsEnum: true } choices =>
                $"one of {string.Join(", ", Enum.GetNames(choices))}",
            _ => "an object",
        };
    }

    [GeneratedRegex(
        @"\AThe JSON value could not be converted to (?<type>[^ ]+)\.( |\z)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Unconverted();

    [GeneratedRegex(
        @"missing required properties including: (?<names>'[^']+'(, '[^']+')*)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Incomplete();

    [GeneratedRegex(
        @"\ADuplicate property '(?<name>[^']+)'",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Twice();
}
