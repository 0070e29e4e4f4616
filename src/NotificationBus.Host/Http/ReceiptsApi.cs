using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

using NotificationBus.Receipts;
using NotificationBus.Sending;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/receipts/{provider}</c>: what vendors report of deliveries they have taken.</summary>
static partial class ReceiptsApi
{
    public static void MapReceipts(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/receipts/{provider}", Take).ForTheWorld();

    /// <summary>200 when the receipts are durable. What is answered otherwise has the vendor send them again, as far as that helps.</summary>
    static async Task<IResult> Take(
        string provider,
        HttpContext context,
        ProviderChains chains,
        ReceiptIntake intake,
        SubscriptionConfirmation confirmation,
        IOptions<ReceiptsOptions> options,
        ILogger<ReceiptIntake> log)
    {
        if (ReaderOf(provider, chains) is not { } reader)
            return Problems.NoReceipts();
        if (AddressOf(context.Request, options.Value) is not { } url)
            return Problems.Validation("Host", "is no name of a host");

        ReadOnlyMemory<byte> body;
        try
        {
            body = await BodyOf(context);
        }
        catch (BadHttpRequestException exception)
        {
            return exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? Problems.TooLarge(HttpLimits.ReceiptSize) : Problems.ForRefused(exception);
        }

        switch (await Read(reader, new ReceiptRequest { Url = url, Headers = HeadersOf(context.Request), Body = body }))
        {
            case ReceiptReading.Genuine genuine:
                await intake.Take(provider, genuine.Receipts);
                return Results.Ok();

            case ReceiptReading.Confirm confirm:
                return await confirmation.Fetch(provider, confirm.Url, context.RequestAborted) ? Results.Ok() : Problems.Unavailable(context);

            case ReceiptReading.Refused refused:
                Refused(log, provider, refused.Reason);
                return Problems.RefusedReceipt();

            case ReceiptReading.NotNow notNow:
                NotNow(log, provider, notNow.Reason);
                return Problems.Unavailable(context);

            case ReceiptReading.Unreadable unreadable:
                Unreadable(log, provider, unreadable.Reason);
                return Problems.UnreadableReceipt();

            default:
                throw new NotSupportedException("Unknown reading");
        }
    }

    static IReceiptReader? ReaderOf(string provider, ProviderChains chains) => chains.All
        .SelectMany(chain => chain.Accounts)
        .Where(account => account.Name == provider)
        .Select(account => account.Provider)
        .OfType<IReceiptReader>()
        .FirstOrDefault();

    static Uri? AddressOf(HttpRequest request, ReceiptsOptions options) =>
        options.PublicUrl is { } publicUrl ? PublicAddress.Of(publicUrl, request.GetEncodedPathAndQuery())
        : Uri.TryCreate(request.GetEncodedUrl(), UriKind.Absolute, out var url) ? url
        : null;

    static Dictionary<string, string> HeadersOf(HttpRequest request) =>
        request.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value.AsEnumerable()), StringComparer.OrdinalIgnoreCase);

    static async Task<ReadOnlyMemory<byte>> BodyOf(HttpContext context)
    {
        // Vendors gather hundreds of receipts into one call.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = HttpLimits.ReceiptSize;

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
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

    [LoggerMessage(LogLevel.Warning, "What was posted as a receipt of {Provider} is not from its vendor: {Reason}")]
    static partial void Refused(ILogger log, string provider, string reason);

    [LoggerMessage(LogLevel.Warning, "What was posted as a receipt of {Provider} cannot be checked now, and must be posted again: {Reason}")]
    static partial void NotNow(ILogger log, string provider, string reason);

    [LoggerMessage(LogLevel.Warning, "A receipt of {Provider} cannot be read: {Reason}")]
    static partial void Unreadable(ILogger log, string provider, string reason);
}
