using NotificationBus.Erasures;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/recipients/erase</c>: takes one person out of the record.</summary>
static class ErasuresApi
{
    // Whoever has more calls again, until it is complete: a call ends while somebody waits for it.
    const int MostLookedAt = 10_000;

    const int MostAddresses = 50;

    public static void MapErasures(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/recipients/erase", Erase)
            .Describe(
                "eraseRecipient",
                "Recipients",
                "Takes one person out of the record: calls off what is not sent, and erases names, addresses and texts."
            )
            .Takes<ErasureRequest>()
            .Answers<ErasureCounts>()
            .Refuses(413, 415, 429);

    static async Task<IResult> Erase(HttpRequest request, Erasure erasure, ChannelSet channels, IntakeGate gate)
    {
        var (body, refusal) = await JsonBody.Read<ErasureRequest>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var isPreview = body!.Preview == true;
        var by = isPreview ? new ChangedBy("", "") : errors.ReadBy(request, body.By, body.Why);
        if (request.HttpContext.HasToNameOne())
            errors.Add(ApplicationWall.Parameter, "must say whose recipient it is, as ?application=shop: you see all");
        if (body.Recipient is { } recipient)
        {
            if (!PlainText.IsName(recipient, TextLengths.Id) || string.IsNullOrWhiteSpace(recipient))
                errors.Add("recipient", $"must be the recipient's id, 1 to {TextLengths.Id} characters");
            else if (ErasureKey.IsNameOfRecipient(recipient))
                errors.Add("recipient", "is erased: it is the name that stands in the place of a person");
        }
        else if (body.Addresses is not { Count: > 0 })
            errors.Add("recipient", "is missing: say the recipient's id, or addresses, or both");
        if (body.Addresses?.Count > MostAddresses)
            errors.Add("addresses", $"may be {MostAddresses} at most");
        var addresses = new List<string>();
        foreach (var (index, address) in errors.UntilFull(body.Addresses?.Take(MostAddresses).Index() ?? []))
        {
            var forms = channels
                .All.Where(channel => address is not null && channel.Refuse(address) is null)
                .Select(channel => channel.Canonical(address!))
                .ToList();
            if (forms.Count == 0)
                errors.Add($"addresses[{index}]", "is no address of any channel");
            addresses.AddRange(forms);
        }

        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var person = new ErasedPerson(request.HttpContext.ActsFor(), body.Recipient, [.. addresses.Distinct(StringComparer.Ordinal)]);
        if (isPreview)
            return Results.Ok(await erasure.Preview(person, MostLookedAt, request.HttpContext.RequestAborted));

        gate.RefuseWhileClosed();
        // Not cancelled with the request: whoever hangs up has said it.
        return Results.Ok(await erasure.Erase(person, by, MostLookedAt, CancellationToken.None));
    }
}

/// <summary>A person who is to be erased, by id, by addresses, or both.</summary>
public sealed record ErasureRequest
{
    /// <summary>The recipient's id in the publishing system.</summary>
    public string? Recipient { get; init; }

    /// <summary>
    /// Addresses, 50 at most: notifications with one of them in their plan are the person's. The addresses of notifications that are found
    /// by the id are the person's as well, and need not be said.
    /// </summary>
    public IReadOnlyList<string>? Addresses { get; init; }

    /// <summary>True: erases nothing, and says how much there is.</summary>
    public bool? Preview { get; init; }

    /// <summary>Name of whoever erases; for whom, when there is a key. A preview needs none.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said, and names nobody: it stays. A preview needs none.</summary>
    public string? Why { get; init; }
}
