using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.Serialization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using MassTransit;

namespace NotificationBus.Failures;

/// <summary>The explanation of why a message failed, without the message's own content where that can be told apart.</summary>
/// <param name="Kind">What is wrong with it.</param>
/// <param name="ExceptionType">The exception's type; null when there was none.</param>
/// <param name="Reason">For a person to read.</param>
/// <param name="Cause">The same for messages that failed in the same way on the same queue.</param>
public sealed partial record FailureExplanation(FailureKind Kind, string? ExceptionType, string Reason, string Cause)
{
    const int LongestReason = 500;

    /// <summary>Puts an explanation together; the cause follows from the rest.</summary>
    public static FailureExplanation Of(FailureKind kind, string? exceptionType, string reason, string queue)
    {
        var text = PlainText.Of(reason, LongestReason);
        return new FailureExplanation(kind, exceptionType, text, CauseOf(kind, queue, exceptionType, text));
    }

    /// <summary>Explains an exception.</summary>
    public static FailureExplanation Of(Exception exception, string queue)
    {
        var root = Chain(exception).OfType<DbException>().FirstOrDefault() ?? exception.GetBaseException();
        return Of(KindOf(exception, root), root.GetType().FullName, Misfit.Of(exception) ?? ReasonOf(root), queue);
    }

    static FailureKind KindOf(Exception exception, Exception root) =>
        root is MessageNotConsumedException ? FailureKind.NobodyTakesIt
        : Chain(exception).Any(link => link is SerializationException or JsonException) || root.Source == "System.Text.Json"
            ? FailureKind.CannotBeRead
        : FailureKind.Failed;

    // What a library says may quote an address, or anything else that was in the message. Ours does not, and neither do those
    // that only name types, ids and places.
    static string ReasonOf(Exception root) =>
        root switch
        {
            MessageNotConsumedException => "nothing on this queue takes messages of this type",
            DbException { SqlState: { } state } => $"PostgreSQL refused it (SQLSTATE {state})",
            JsonException or SerializationException => root.Message,
            _ when IsOf(root.GetType(), "NotificationBus") || IsOf(root.GetType(), "MassTransit") => root.Message,
            _ => $"{root.GetType().Name} in {PlaceOf(root)}",
        };

    static bool IsOf(Type type, string root) =>
        type.Namespace is { } name && (name == root || name.StartsWith($"{root}.", StringComparison.Ordinal));

    static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var link = exception; link is not null; link = link.InnerException)
            yield return link;
    }

    /// <summary>The first of our own methods on the stack, or the first of all.</summary>
    static string PlaceOf(Exception exception)
    {
        var methods = new StackTrace(exception).GetFrames().Select(DiagnosticMethodInfo.Create).OfType<DiagnosticMethodInfo>().ToList();
        var method =
            methods.FirstOrDefault(method => method.DeclaringTypeName?.StartsWith("NotificationBus.", StringComparison.Ordinal) == true)
            ?? methods.FirstOrDefault();
        if (method is null)
            return "an unknown place";

        // An async method is a class of its own inside the real one: Consumer+<Consume>d__2.
        var async = AsyncMethod().Match(method.DeclaringTypeName ?? "");
        return async.Success ? $"{async.Groups["type"].Value}.{async.Groups["method"].Value}" : $"{method.DeclaringTypeName}.{method.Name}";
    }

    static string CauseOf(FailureKind kind, string queue, string? exceptionType, string reason)
    {
        var alike = Varying().Replace(reason, "#");
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', kind, queue, exceptionType, alike)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString())}-{Convert.ToHexStringLower(hash.AsSpan(0, 5))}"
        );
    }

    [GeneratedRegex(
        @"^(?<type>[^+]+)\+<(?<method>\w+)>",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex AsyncMethod();

    [GeneratedRegex(
        @"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}|\d+",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex Varying();
}
