using NotificationBus.Access;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/v1/keys</c>: the keys of those who call. What is changed holds on this host at once, and on all others within a second.
/// </summary>
static class KeysApi
{
    const string Tag = "Keys";

    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead("/v1/keys", List)
            .Describe("listKeys", Tag, "Lists the keys, revoked ones too, the oldest first.")
            .Answers<KeyList>()
            .Refuses();
        routes
            .MapPost("/v1/keys", Create)
            .Describe("createKey", Tag, "Makes a key. It is shown here and never again.")
            .Takes<CreateKey>()
            .Answers<NewKey>(StatusCodes.Status201Created)
            .Refuses(409, 413, 415);
        routes
            .MapPost("/v1/keys/{id}/rotate", Rotate)
            .Describe("rotateKey", Tag, "Gives a key another secret, which is shown here and never again.")
            .Takes<RotateKey>()
            .Answers<NewKey>()
            .Refuses(404, 409, 413, 415);
        routes
            .MapPost("/v1/keys/{id}/revoke", Revoke)
            .Describe("revokeKey", Tag, "Has a key refused from now on, for ever.")
            .Takes<RevokeKey>()
            .Answers<KeyView>()
            .Refuses(404, 409, 413, 415);
    }

    static async Task<IResult> List(IAccessKeys keys, CancellationToken cancellationToken) =>
        Results.Ok(new KeyList([.. (await keys.Load(cancellationToken)).Select(KeyView.Of)]));

    static async Task<IResult> Create(HttpRequest request, KeyIssuer issuer, AskedForKeys asked, IServiceProvider services)
    {
        var (body, refusal) = await Read<CreateKey>(request, asked);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        if (KeyText.RefuseApplication(body.Application) is { } wrong)
            errors.Add("application", wrong);
        var name = body.Name is null ? body.Application : errors.ReadText("name", body.Name);
        if (ScopeWords.Read(body.Scopes, out var scopes) is { } unknown)
            errors.Add("scopes", unknown);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        // Not cancelled with the request: a key that nobody has seen would be on record.
        var made = await issuer.Create(body.Application, name, scopes, by, CancellationToken.None);
        await Refresh(services);
        return Results.Created((string?)null, new NewKey(made.Text, KeyView.Of(made.Key)));
    }

    static async Task<IResult> Rotate(string id, HttpRequest request, KeyIssuer issuer, AskedForKeys asked, IServiceProvider services)
    {
        var (body, refusal) = await Read<RotateKey>(request, asked);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        errors.ReadNumber("graceSeconds", (int?)body.GraceSeconds, 0, (int)KeyIssuer.LongestGrace.TotalSeconds);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        if (await issuer.Rotate(id, TimeSpan.FromSeconds(body.GraceSeconds), by, CancellationToken.None) is not { } made)
            return Problems.UnknownKey();

        await Refresh(services);
        return Results.Ok(new NewKey(made.Text, KeyView.Of(made.Key)));
    }

    static async Task<IResult> Revoke(string id, HttpRequest request, IAccessKeys keys, AskedForKeys asked, IServiceProvider services)
    {
        var (body, refusal) = await Read<RevokeKey>(request, asked);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        if (await keys.Revoke(id, by, CancellationToken.None) is not { } key)
            return Problems.UnknownKey();

        await Refresh(services);
        return Results.Ok(KeyView.Of(key));
    }

    /// <summary>Where everybody may do everything, a key that anybody has made would be good once keys are asked for.</summary>
    static async Task<(T? Body, IResult? Refusal)> Read<T>(HttpRequest request, AskedForKeys asked)
        where T : class
    {
        var read = await JsonBody.Read<T>(request);
        return read.Refusal is null && !asked.Value ? (null, Problems.KeysNotAskedFor()) : read;
    }

    static Task Refresh(IServiceProvider services) => services.GetRequiredService<KeyRing>().Refresh(CancellationToken.None);
}

/// <summary>The body of <c>POST /v1/keys</c>.</summary>
public sealed record CreateKey
{
    /// <summary>The application it belongs to: 1 to 40 small letters, digits and hyphens.</summary>
    public required string Application { get; init; }

    /// <summary>What people call it, such as the service that has it; by itself as the application.</summary>
    public string? Name { get; init; }

    /// <summary>What it opens: send, read, operate, admin. None includes another.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Name of the person for whom it is made.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public required string Why { get; init; }
}

/// <summary>The body of <c>POST /v1/keys/{id}/rotate</c>.</summary>
public sealed record RotateKey
{
    /// <summary>How long the secret before is taken beside the new one, 0 to 604800 (7 days); a day by itself.</summary>
    public int GraceSeconds { get; init; } = 86_400;

    /// <summary>Name of the person for whom it is done.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public required string Why { get; init; }
}

/// <summary>The body of <c>POST /v1/keys/{id}/revoke</c>.</summary>
public sealed record RevokeKey
{
    /// <summary>Name of the person for whom it is done.</summary>
    public string? By { get; init; }

    /// <summary>The reason.</summary>
    public required string Why { get; init; }
}

/// <summary>The keys.</summary>
public sealed record KeyList(IReadOnlyList<KeyView> Keys);

/// <summary>A key that was just made.</summary>
/// <param name="Key">The key itself, which is nowhere else: keep it.</param>
/// <param name="OnRecord">What is on record.</param>
public sealed record NewKey(string Key, KeyView OnRecord);

/// <summary>A key as it is on record.</summary>
public sealed record KeyView
{
    /// <summary>The part of the key that may be known.</summary>
    public required string Id { get; init; }

    /// <summary>The application it belongs to.</summary>
    public required string Application { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What it opens: send, read, operate, admin.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which it got its secret, when that was later.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>The time until which the secret before is taken.</summary>
    public DateTimeOffset? EarlierUntil { get; init; }

    /// <summary>The time from which it is refused.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>A time at which it was used, no more than a minute before the last.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The view of a key.</summary>
    public static KeyView Of(AccessKey key) =>
        new()
        {
            Id = key.Id,
            Application = key.Application,
            Name = key.Name,
            Scopes = [.. key.Scopes.Select(scope => scope.Spell())],
            CreatedAt = key.CreatedAt,
            RotatedAt = key.RotatedAt,
            EarlierUntil = key.EarlierUntil,
            RevokedAt = key.RevokedAt,
            LastUsedAt = key.LastUsedAt,
        };
}
