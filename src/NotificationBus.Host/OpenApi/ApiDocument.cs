using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NotificationBus.Host.Access;
using NotificationBus.Intake;
using Scalar.AspNetCore;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// The API's description of itself (OpenAPI 3.1): <c>GET /openapi/v1.json</c>, and <c>GET /docs</c>, a page to read and try it, with
/// nothing from elsewhere.
/// </summary>
static class ApiDocument
{
    const string Version = "v1";

    const string KeyScheme = "key";

    static readonly (string Name, string Description)[] Tags =
    [
        ("Events", "What happened in a service, as the bus takes it."),
        ("Notifications", "Asked for, looked up, cancelled, decided about."),
        ("Sending", "Provider accounts and channels: how they stand, and what operators set."),
        ("Suppressions", "Addresses that are not used."),
        ("Failed messages", "What was set aside, put back or put away."),
        ("Status", "What is wrong now."),
        ("Keys", "The keys of those who call."),
        ("For the world", "What vendors and recipients call, also on the public port. Each call says for itself who makes it."),
    ];

    public static void AddApiDocument(this IServiceCollection services)
    {
        services.AddSingleton<IApiDescriptionProvider, EventDescriptions>();
        services.AddOpenApi(
            Version,
            options =>
            {
                options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
                options.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        Introduce(document);
                        return Task.CompletedTask;
                    }
                );
                options.AddOperationTransformer(AddParameters);
                options.AddOperationTransformer(AddScopes);
            }
        );
    }

    public static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json");
        routes
            .MapScalarApiReference(
                "/docs",
                options =>
                {
                    options.Title = "NotificationBus";
                    options.OpenApiRoutePattern = "/openapi/{documentName}.json";
                    // Nothing is asked of another server, and nothing is told to one.
                    options.DefaultFonts = false;
                    options.Telemetry = false;
                    options.Agent = new ScalarAgentOptions { Disabled = true };
                }
            )
            .ExcludeFromDescription();
    }

    static void Introduce(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "NotificationBus",
            Version = Version,
            Description =
                "Events and requests for notifications come in, and everything on record can be read and changed. Errors are problem details "
                + "(RFC 9457). A property without a value is left out. Answers to GET are given to HEAD as well, without their body.",
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };
        document.Tags = new HashSet<OpenApiTag>(Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }));
        (document.Components ??= new OpenApiComponents()).SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(
            StringComparer.Ordinal
        )
        {
            [KeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "nb_{application}_{id}_{secret}",
                Description =
                    "A key with the scope that each operation names: send, read, operate or admin. A host that runs embedded on this machine "
                    + "alone asks for none.",
            },
        };
        // Where it is called at is where it is.
        document.Servers = [new OpenApiServer { Url = "/" }];
        foreach (var path in document.Paths.Values)
            path.Operations?.Remove(HttpMethod.Head);
    }

    /// <summary>Says which scope an operation needs; of several any one will do.</summary>
    static Task AddScopes(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (
            context.Description.ActionDescriptor.EndpointMetadata.OfType<RouteScope>().LastOrDefault()
            is not { Words: { Count: > 0 } scopes }
        )
            return Task.CompletedTask;

        operation.Description = $"Needs the scope {string.Join(" or ", scopes)}.";
        operation.Security =
        [
            .. scopes.Select(scope => new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(KeyScheme, context.Document)] = [scope],
            }),
        ];
        var refusal = operation.Responses!["400"];
        foreach (var (status, text) in ((string, string)[])[("401", "Unauthorized"), ("403", "Forbidden")])
            operation.Responses.TryAdd(status, new OpenApiResponse { Description = text, Content = refusal.Content });
        return Task.CompletedTask;
    }

    static async Task AddParameters(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        if (context.Description.GetProperty<IEventMap>() is { } map)
            operation.OperationId = $"post{map.EventType.Name}";
        foreach (var parameter in context.Description.ActionDescriptor.EndpointMetadata.OfType<OtherParameter>())
        {
            (operation.Parameters ??= []).Add(
                new OpenApiParameter
                {
                    Name = parameter.Name,
                    In = parameter.InHeader ? ParameterLocation.Header : ParameterLocation.Query,
                    Description = parameter.Description,
                    Schema = await context.GetOrCreateSchemaAsync(parameter.Type, null, cancellationToken),
                }
            );
        }
    }
}
