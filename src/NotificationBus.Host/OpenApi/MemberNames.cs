using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// Has descriptions name properties as they are on the wire. They are the summaries of the contracts, in which the framework writes
/// what they refer to as C# has it.
/// </summary>
sealed partial class MemberNames : OpenApiVisitorBase
{
    /// <summary>Goes through all that is described.</summary>
    public static void Translate(OpenApiDocument document) => new OpenApiWalker(new MemberNames()).Walk(document);

    /// <inheritdoc />
    public override void Visit(IOpenApiSchema schema)
    {
        // A reference that says something says it in its own words.
        if (schema is OpenApiSchemaReference { Reference.Description: { } own } reference)
            reference.Description = OnTheWire(own);
        else if (schema is OpenApiSchema { Description: { } text })
            schema.Description = OnTheWire(text);
    }

    static string OnTheWire(string text) =>
        Member()
            .Replace(text, member => $"`{char.ToLowerInvariant(member.Groups["name"].Value[0])}{member.Groups["name"].Value[1..]}`")
            .Replace("See ReasonCode", "The introduction lists them", StringComparison.Ordinal)
            .Replace("see ReasonCode", "the introduction lists them", StringComparison.Ordinal);

    [GeneratedRegex(
        @"(?:\b\w+\?? )?\b[A-Z][a-z]\w*\.(?<name>[A-Z]\w*)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Member();
}
