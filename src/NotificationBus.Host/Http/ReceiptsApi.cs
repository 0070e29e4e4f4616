using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;
using NotificationBus.Host.OpenApi;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/receipts/{provider}</c>: what vendors report of deliveries they have taken.</summary>
static partial class ReceiptsApi
{
    public static void MapReceipts(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/receipts/{provider}", Take)
            .ForTheWorld()
            .Describe("postReceipt", "For the world", "Takes what the vendor of an account reports, signed as that vendor does.")
            .Produces(StatusCodes.Status200OK)
            .Refuses(401, 404, 413);

    /// <summary>
    /// 200 when the receipts are durable. What is answered otherwise has the vendor send them again, as far as that helps.
    /// </summary>
    static async Task<IResult> Take(
        string provider,
        HttpContext context,
        ProviderChains chains,
        ReceiptIntake intake,
        SubscriptionConfirmation confirmation,
        IOptions<ReceiptsOptions> options,
        RequestBodies bodies,
        CountedWarnings warnings,
        ILogger<ReceiptIntake> log
    )
    {
        if (ReaderOf(provider, chains) is not { } reader)
            return Problems.NoReceipts();
        if (AddressOf(context.Request, options.Value) is not { } url)
            return Problems.Validation("Host", "is no name of a host");

        // Before anything is read: what the header fields already give away costs a stranger more than it costs us.
        var head = new ReceiptRequest
        {
            Url = url,
            Headers = HeadersOf(context.Request),
            Body = default,
        };
        if (RefuseUnread(reader, head) is { } unproven)
        {
            Say(Refused, unproven);
            return Problems.RefusedReceipt();
        }

        ReceiptReading reading;
        try
        {
            using var body = await bodies.Read(context.Request, reader.LongestReceipt, provider);
            reading = await Read(reader, head with { Body = body.Memory });
        }
        catch (BadHttpRequestException exception)
        {
            return Problems.ForRefused(context, exception, reader.LongestReceipt);
        }

        switch (reading)
        {
            case ReceiptReading.Genuine genuine:
                await intake.Take(provider, genuine.Receipts);
                return Results.Ok();

            case ReceiptReading.Confirm confirm:
                return await confirmation.Fetch(provider, confirm.Url, context.RequestAborted)
                    ? Results.Ok()
                    : Problems.Unavailable(context);

            case ReceiptReading.Refused refused:
                Say(Refused, refused.Reason);
                return Problems.RefusedReceipt();

            case ReceiptReading.NotNow notNow:
                Say(NotNow, notNow.Reason);
                return Problems.Unavailable(context);

            case ReceiptReading.Unreadable unreadable:
                Say(Unreadable, unreadable.Reason);
                return Problems.UnreadableReceipt();

            default:
                throw new NotSupportedException("Unknown reading");
        }

        void Say(Action<ILogger, string, string, int> warning, string reason)
        {
            if (warnings.Count($"{provider}: {reason}") is { } times)
                warning(log, provider, reason, times);
        }
    }

    static IReceiptReader? ReaderOf(string provider, ProviderChains chains) =>
        chains
            .All.SelectMany(chain => chain.Accounts)
            .Where(account => account.Name == provider)
            .Select(account => account.Provider)
            .OfType<IReceiptReader>()
            .FirstOrDefault();

    static Uri? AddressOf(HttpRequest request, ReceiptsOptions options) =>
        options.PublicUrl is { } publicUrl ? PublicAddress.Of(publicUrl, request.GetEncodedPathAndQuery())
        : Uri.TryCreate(request.GetEncodedUrl(), UriKind.Absolute, out var url) ? url
        : null;

    static Dictionary<string, string> HeadersOf(HttpRequest request) =>
        request.Headers.ToDictionary(
            header => header.Key,
            header => string.Join(',', header.Value.AsEnumerable()),
            StringComparer.OrdinalIgnoreCase
        );

    static string? RefuseUnread(IReceiptReader reader, ReceiptRequest head)
    {
        try
        {
            return reader.RefuseUnread(head);
        }
        catch (Exception exception)
        {
            return $"the reader failed: {exception.GetType().Name}";
        }
    }

    static async Task<ReceiptReading> Read(IReceiptReader reader, ReceiptRequest request)
    {
        try
        {
            return await reader.Read(request);
        }
        catch (Exception exception)
        {
            // A reader must not throw. Its exception's text may repeat what was posted.
            return new ReceiptReading.Unreadable($"the reader failed: {exception.GetType().Name}");
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "What was posted as a receipt of {Provider} is not from its vendor: {Reason} ({Times} since this was said last)"
    )]
    static partial void Refused(ILogger log, string provider, string reason, int times);

    [LoggerMessage(
        LogLevel.Warning,
        "What was posted as a receipt of {Provider} cannot be checked now, and must be posted again: "
            + "{Reason} ({Times} since this was said last)"
    )]
    static partial void NotNow(ILogger log, string provider, string reason, int times);

    [LoggerMessage(LogLevel.Warning, "A receipt of {Provider} cannot be read: {Reason} ({Times} since this was said last)")]
    static partial void Unreadable(ILogger log, string provider, string reason, int times);
}
