using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace NotificationBus.Host.Grpc;

/// <summary>The errors of the API in the words of gRPC: a code, and the problem in the details (google/rpc/error_details.proto).</summary>
static class RpcProblems
{
    const string Domain = "notificationbus";

    const string Urn = "urn:notificationbus:problem:";

    /// <summary>What a caller is told instead of an answer.</summary>
    /// <param name="answer">The status and the headers of the API's answer.</param>
    /// <param name="body">Its body: problem details, or nothing.</param>
    public static RpcException Of(IHttpResponseFeature answer, ReadOnlyMemory<byte> body)
    {
        var (type, message, errors) = Read(body);
        var status = new Google.Rpc.Status { Code = (int)CodeOf(answer.StatusCode), Message = message };
        if (type is not null)
            status.Details.Add(Any.Pack(new ErrorInfo { Reason = type, Domain = Domain }));
        if (errors.Count > 0)
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { errors } }));
        if (int.TryParse(answer.Headers.RetryAfter, out var seconds))
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)) }));
        return status.ToRpcException();
    }

    /// <summary>What a caller is told whose message could not be asked in the words of the API.</summary>
    public static RpcException Wrong(string detail) => new(new global::Grpc.Core.Status(StatusCode.InvalidArgument, detail));

    /// <summary>The code for a status. Source of those for what never reached the API: grpc/doc/http-grpc-status-mapping.md.</summary>
    static StatusCode CodeOf(int status) =>
        status switch
        {
            StatusCodes.Status401Unauthorized => StatusCode.Unauthenticated,
            StatusCodes.Status403Forbidden => StatusCode.PermissionDenied,
            StatusCodes.Status404NotFound or StatusCodes.Status410Gone => StatusCode.NotFound,
            StatusCodes.Status408RequestTimeout or StatusCodes.Status504GatewayTimeout => StatusCode.DeadlineExceeded,
            StatusCodes.Status409Conflict => StatusCode.FailedPrecondition,
            StatusCodes.Status429TooManyRequests => StatusCode.ResourceExhausted,
            StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable => StatusCode.Unavailable,
            >= 400 and < 500 => StatusCode.InvalidArgument,
            _ => StatusCode.Internal,
        };

    static (string? Type, string Message, List<BadRequest.Types.FieldViolation> Errors) Read(ReadOnlyMemory<byte> body)
    {
        List<BadRequest.Types.FieldViolation> errors = [];
        if (body.IsEmpty)
            return (null, "The host stops, or does not answer now.", errors);

        using var problem = JsonDocument.Parse(body);
        var root = problem.RootElement;
        if (root.TryGetProperty("errors", out var places))
            errors.AddRange(
                places
                    .EnumerateObject()
                    .SelectMany(
                        place => place.Value.EnumerateArray(),
                        (place, error) => new BadRequest.Types.FieldViolation { Field = place.Name, Description = error.GetString() ?? "" }
                    )
            );
        var type = root.GetProperty("type").GetString();
        return (
            type?.StartsWith(Urn, StringComparison.Ordinal) == true ? type[Urn.Length..] : type,
            $"{root.GetProperty("title").GetString()}. {root.GetProperty("detail").GetString()}",
            errors
        );
    }
}
