using Microsoft.AspNetCore.Http.Metadata;
using NotificationBus.Host.Http;

namespace NotificationBus.Host.Grpc;

/// <summary>The API over gRPC: <c>notificationbus.v1.Notifications</c>, health and reflection.</summary>
static class GrpcApi
{
    const string SendMany = "/notificationbus.v1.Notifications/SendMany";

    public static void AddGrpcApi(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            // As over HTTP: whose fault it was is said by the problem, and what is wrong in here is for the log.
            options.EnableDetailedErrors = false;
            options.MaxReceiveMessageSize = (int)HttpLimits.BatchSize;
            options.IgnoreUnknownServices = true;
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks();
    }

    public static void MapGrpcApi(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGrpcService<NotificationsService>()
            .WithMetadata(CountedLater.Instance)
            .Add(endpoint =>
            {
                if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: SendMany })
                    endpoint.Metadata.Add(new SizeLimit(HttpLimits.BatchSize));
            });
        routes.MapGrpcReflectionService();
        routes.MapGrpcHealthChecksService();
    }

    sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
