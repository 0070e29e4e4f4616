using System.Globalization;
using System.Threading.RateLimiting;
using Google.Protobuf;
using Grpc.Core;
using NotificationBus.Host.Grpc.V1;
using NotificationBus.Host.Http;

namespace NotificationBus.Host.Grpc;

/// <summary>
/// The door for messages with many items. An item of two octets is an object of hundreds, so they are counted before the library makes
/// them; and few messages are read at the same time.
/// </summary>
sealed class LargeMessages : IDisposable
{
    // A flag and the length come before each message (grpc/doc/PROTOCOL-HTTP2.md).
    const int Prefix = 5;

    static readonly uint Item = WireFormat.MakeTag(SendManyRequest.NotificationsFieldNumber, WireFormat.WireType.LengthDelimited);

    readonly ConcurrencyLimiter _places = new(
        new ConcurrencyLimiterOptions { PermitLimit = RequestBodies.LargeBatchesAtOnce, QueueLimit = RequestBodies.LargeBatchesAtOnce }
    );

    /// <summary>Reads the message, and passes it on unless there is too much in it.</summary>
    public async Task Pass(HttpContext context, RequestDelegate next)
    {
        using var place = await _places.AcquireAsync(1, context.RequestAborted);
        if (!place.IsAcquired)
        {
            Refuse(context, StatusCode.ResourceExhausted, "Too many large messages are being taken. Come again in a second.");
            return;
        }

        try
        {
            // The library reads what is left, and knows by itself when that is no message.
            using var body = await context.RequestServices.GetRequiredService<RequestBodies>().Read(context.Request, HttpLimits.BatchSize);
            if (Items(body.Memory) > BatchApi.MostItems)
            {
                Refuse(context, StatusCode.InvalidArgument, $"At most {BatchApi.MostItems} notifications are taken in one call.");
                return;
            }

            context.Request.Body = new MemoryStream(body.Memory.ToArray(), writable: false);
        }
        catch (BadHttpRequestException exception)
        {
            Refuse(
                context,
                exception.StatusCode == StatusCodes.Status429TooManyRequests ? StatusCode.ResourceExhausted : StatusCode.InvalidArgument,
                exception.Message
            );
            return;
        }

        await next(context);
    }

    public void Dispose() => _places.Dispose();

    static int Items(ReadOnlyMemory<byte> body)
    {
        if (body.Length < Prefix)
            return 0;

        var items = 0;
        try
        {
            using var input = new CodedInputStream(body[Prefix..].ToArray());
            while (input.ReadTag() is var tag and not 0)
            {
                items += tag == Item ? 1 : 0;
                input.SkipLastField();
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // Whatever it is, the library says so; it makes no more of it than was counted up to here.
        }

        return items;
    }

    static void Refuse(HttpContext context, StatusCode code, string detail)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = ((int)code).ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(detail);
    }
}
