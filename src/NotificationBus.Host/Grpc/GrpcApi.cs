using Grpc.AspNetCore.Server;
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
        // A few octets that unpack to ten megabytes would be read before anybody has counted them. The library adds its own at last.
        services.PostConfigure<GrpcServiceOptions>(options => options.CompressionProviders.Clear());
        services.AddSingleton<LargeMessages>();
        services.AddGrpcReflection();
    }

    public static void MapGrpcApi(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGrpcService<NotificationsService>()
            .WithMetadata(CountedLater.Instance)
            .Add(endpoint =>
            {
                if (endpoint is not RouteEndpointBuilder { RoutePattern.RawText: SendMany, RequestDelegate: { } send })
                {
                    endpoint.Metadata.Add(new SizeLimit(HttpLimits.BodySize));
                    return;
                }

                endpoint.Metadata.Add(new SizeLimit(HttpLimits.BatchSize));
                endpoint.RequestDelegate = context => context.RequestServices.GetRequiredService<LargeMessages>().Pass(context, send);
            });
        routes.MapGrpcReflectionService();
        routes.MapGrpcService<HealthService>();
    }

    sealed record SizeLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
