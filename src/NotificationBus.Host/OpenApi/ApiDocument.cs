using System.Security.Cryptography;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NotificationBus.Host.Access;
using NotificationBus.Host.Http;
using Scalar.AspNetCore;

namespace NotificationBus.Host.OpenApi;

/// <summary>
/// The API's description of itself (OpenAPI 3.1): <c>GET /openapi/v1.json</c>; <c>GET /docs</c>, a page to read and try it, with nothing
/// from elsewhere; and <c>GET /llms.txt</c>, the same in short for programs that write programs (llmstxt.org).
/// </summary>
static class ApiDocument
{
    const string Version = "v1";

    const string KeyScheme = "key";

    static readonly Lazy<string> Short = new(() => Read("llms.txt"));
    static readonly Lazy<string> Introduction = new(() => Read("introduction.md"));

    // In bytes. A script runs that this answer has named, and no other one.
    const int NonceSize = 16;

    static readonly (string Name, string Description)[] Tags =
    [
        ("Events", "What happened in a service, as the bus takes it."),
        ("Notifications", "Asked for, looked up, cancelled, decided about."),
        ("Sending", "Provider accounts and channels: how they stand, and what operators set."),
        ("Suppressions", "Addresses that are not used."),
        ("Subscriptions", "URLs that are told what becomes of notifications."),
        ("Repairs", "What has failed is begun anew, as planned."),
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
                        AnswerSchemas.Apply(document);
                        ToldEvents.Describe(document);
                        MemberNames.Translate(document);
                        return Task.CompletedTask;
                    }
                );
                options.AddOperationTransformer(AddParameters);
                options.AddOperationTransformer(AddScopes);
                options.AddOperationTransformer(
                    (operation, _, _) =>
                    {
                        ExampleBodies.AddTo(operation);
                        return Task.CompletedTask;
                    }
                );
            }
        );
    }

    public static void MapApiDocument(this IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi("/openapi/{documentName}.json").AnswersHead();
        routes
            .MapScalarApiReference(
                "/docs",
                (options, context) =>
                {
                    var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceSize));
                    context.Response.Headers.ContentSecurityPolicy = PagePolicy(nonce);
                    options.WithNonce(nonce);
                    options.Title = "NotificationBus";
                    options.OpenApiRoutePattern = "/openapi/{documentName}.json";
                    // Nothing is asked of another server, and nothing is told to one.
                    options.DefaultFonts = false;
                    options.Telemetry = false;
                    options.Agent = new ScalarAgentOptions { Disabled = true };
                }
            )
            .AnswersHead()
            .ExcludeFromDescription();
    }

    public static void MapShortDescription(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/llms.txt", [HttpMethods.Get, HttpMethods.Head], () => Results.Text(Short.Value)).ExcludeFromDescription();

    static string Read(string resource)
    {
        using var text = new StreamReader(typeof(ApiDocument).Assembly.GetManifestResourceStream(resource)!);
        return text.ReadToEnd();
    }

    /// <summary>The page's own files, and the styles that it writes as it runs.</summary>
    static string PagePolicy(string nonce) =>
        $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
        + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    static void Introduce(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "NotificationBus",
            Version = Version,
            Description = Introduction.Value,
            License = new OpenApiLicense { Name = "Apache License 2.0", Identifier = "Apache-2.0" },
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
                    "A key with the scope that each operation names: send, read, operate or admin. "
                    + "A host that runs embedded on this machine "
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
        {
            // Said in so many words: a reader need not wonder whether it was forgotten.
            operation.Security = [];
            return Task.CompletedTask;
        }

        operation.Description = $"Needs the scope {string.Join(" or ", scopes)}.";
        operation.Security =
        [
            .. scopes.Select(scope => new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(KeyScheme, context.Document)] = [scope],
            }),
        ];
        var refusal = operation.Responses!["400"];
        foreach (var (status, text) in ((string, string)[])[("401", "Unauthorized"), ("403", "Forbidden"), ("429", "Too Many Requests")])
            operation.Responses.TryAdd(status, new OpenApiResponse { Description = text, Content = refusal.Content });
        return Task.CompletedTask;
    }

    static async Task AddParameters(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        if (context.Description.GetProperty<DescribedEvent>() is { } described)
            operation.OperationId = described.OperationId;
        foreach (var other in context.Description.ActionDescriptor.EndpointMetadata.OfType<OtherAnswer>())
        {
            foreach (var body in operation.Responses![$"{other.Status}"].Content!.Values)
                body.Schema = new OpenApiSchema { AnyOf = [body.Schema!, new OpenApiSchemaReference(other.Type.Name, context.Document)] };
        }

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
