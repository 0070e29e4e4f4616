using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NotificationBus.Host.Access;

namespace NotificationBus.Tests.Host;

/// <summary>Each route there is stands in the table of scopes, and nothing else does.</summary>
public sealed class The_scopes_of_routes(RunningHost host) : IClassFixture<RunningHost>
{
    [Fact]
    public void Should_be_said_of_every_route() =>
        Routes(host)
            .Where(route => route.Scope is null)
            .Select(route => route.Name)
            .ShouldBeEmpty($"Say in {nameof(RouteScopes)}.cs which scope they need");

    [Fact]
    public void Should_be_said_of_no_other() =>
        RouteScopes.All.Except(Routes(host).Select(route => route.Name), StringComparer.Ordinal).ShouldBeEmpty();

    /// <summary>What is mapped past the table would be open to nobody, and a reader of the table would not know.</summary>
    [Fact]
    public void Should_be_those_of_the_table() =>
        Routes(host).Where(route => RouteScopes.Of(route.Method, route.Path) != route.Scope).Select(route => route.Name).ShouldBeEmpty();

    /// <summary>The routes of a host, once for each method.</summary>
    internal static IReadOnlyList<(string Name, string Method, string Path, RouteScope? Scope)> Routes(RunningHost host) =>
        [
            .. host.Of<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .SelectMany(
                    endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"],
                    (endpoint, method) =>
                    {
                        var path = $"/{endpoint.RoutePattern.RawText!.Trim('/')}";
                        return (
                            $"{(HttpMethods.IsHead(method) ? "GET" : method)} {path}",
                            method,
                            path,
                            endpoint.Metadata.GetMetadata<RouteScope>()
                        );
                    }
                ),
        ];
}
