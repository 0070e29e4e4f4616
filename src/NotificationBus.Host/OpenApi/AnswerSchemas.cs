using System.Text.Json;
using Microsoft.OpenApi;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// Says of what is in answers what the serializer makes of it: a value that is null is left out, and everything else is always there. The
/// framework describes a type alike wherever it stands, and would require what is left out and allow a null that never comes. Bodies of
/// requests stay as it describes them: there a null is read, and may as well be left out.
/// </summary>
static class AnswerSchemas
{
    /// <summary>Describes what answers are made of, and the problems among them.</summary>
    public static void Apply(OpenApiDocument document)
    {
        if (document.Components?.Schemas is not { } schemas)
            return;

        foreach (var words in schemas.Values.OfType<OpenApiSchema>())
            NameKindOfWords(words);
        var asked = Reached(document, operation => operation.RequestBody?.Content?.Values ?? []);
        foreach (var name in Reached(document, operation => operation.Responses?.Values.SelectMany(BodiesOf) ?? []))
        {
            if (asked.Contains(name) && schemas[name] is OpenApiSchema { Properties.Count: > 0 })
                throw new InvalidOperationException(
                    $"{name} is in requests and in answers, where a null is not the same: make it two types."
                );

            Tell(schemas[name]);
        }

        DescribeProblems(schemas);
    }

    static IEnumerable<OpenApiMediaType> BodiesOf(IOpenApiResponse answer) => answer.Content?.Values ?? [];

    /// <summary>Problem details (RFC 9457) as they are answered: with more than the framework's type has, and no instance.</summary>
    static void DescribeProblems(IDictionary<string, IOpenApiSchema> schemas)
    {
        if (!schemas.ContainsKey(Problem))
            return;

        schemas[Problem] = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = "Why a request was refused, or could not be done (RFC 9457).",
            Required = new HashSet<string>(StringComparer.Ordinal) { "type", "title", "status", "detail" },
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            {
                ["type"] = Text("Which problem it is: urn:notificationbus:problem: and a word, such as validation."),
                ["title"] = Text("The problem in a few words."),
                ["status"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer,
                    Format = "int32",
                    Description = "The status of the answer.",
                },
                ["detail"] = Text("What to change, or to do next."),
                ["traceId"] = Text("What the log of the host has it under."),
                ["errors"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text(null) },
                    Description = "What is wrong with the request, by the place in it; the first 100.",
                },
            },
        };

        static OpenApiSchema Text(string? description) => new() { Type = JsonSchemaType.String, Description = description };
    }

    /// <summary>
    /// Words are texts; without that generators take them for anything. A null among them is where they stand, not of them.
    /// </summary>
    static void NameKindOfWords(OpenApiSchema schema)
    {
        if (schema.Enum is not { Count: > 0 } words)
            return;

        schema.Type = JsonSchemaType.String;
        schema.Enum = [.. words.Where(word => word?.GetValueKind() == JsonValueKind.String && !word.IsJsonNullSentinel())];
    }

    static void Tell(IOpenApiSchema schema)
    {
        if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } described)
            return;

        foreach (var (name, property) in properties.ToList())
        {
            if (NotNull(property) is { } value)
            {
                properties[name] = value;
                described.Required?.Remove(name);
            }
            else
            {
                (described.Required ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);
            }
        }
    }

    /// <summary>The schema of a value that is not null; null for one that cannot be null anyway.</summary>
    static IOpenApiSchema? NotNull(IOpenApiSchema schema)
    {
        if (schema is not OpenApiSchema nullable)
            return null;
        if (nullable.OneOf is { } choices && choices.Any(IsNull))
        {
            if (choices.Count(choice => !IsNull(choice)) == 1)
                return choices.Single(choice => !IsNull(choice));

            nullable.OneOf = [.. choices.Where(choice => !IsNull(choice))];
            return nullable;
        }

        if (nullable.Type?.HasFlag(JsonSchemaType.Null) != true)
            return null;

        nullable.Type &= ~JsonSchemaType.Null;
        return nullable;
    }

    static bool IsNull(IOpenApiSchema schema) => schema.Type == JsonSchemaType.Null;

    /// <summary>The names of the schemas that are in some bodies, and in what is in them.</summary>
    static HashSet<string> Reached(OpenApiDocument document, Func<OpenApiOperation, IEnumerable<OpenApiMediaType>> bodies)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, operation) in document.Paths.Values.SelectMany(path => path.Operations ?? []))
        {
            foreach (var body in bodies(operation))
                Follow(body.Schema);
        }

        return reached;

        void Follow(IOpenApiSchema? schema)
        {
            switch (schema)
            {
                case OpenApiSchemaReference { Reference.Id: { } name }:
                    if (reached.Add(name))
                        Follow(document.Components!.Schemas![name]);
                    break;

                case OpenApiSchema described:
                    Follow(described.Items);
                    Follow(described.AdditionalProperties);
                    foreach (
                        var part in (described.Properties?.Values ?? [])
                            .Concat(described.OneOf ?? [])
                            .Concat(described.AnyOf ?? [])
                            .Concat(described.AllOf ?? [])
                    )
                        Follow(part);
                    break;
            }
        }
    }

    const string Problem = "ProblemDetails";
}
