using System.Diagnostics;

namespace NotificationBus.Channels.Http;

/// <summary>What every client has in common that calls somebody outside.</summary>
public static class OutsideHandler
{
    /// <summary>
    /// A handler that goes to the address that was checked and to no other, by no proxy, remembers nothing between calls, and brings
    /// nothing along that a producer has attached (baggage). A proxy would answer in the place of who is called, and hide whether the
    /// request had left.
    /// </summary>
    /// <param name="connectionLifetime">How long a connection is used; then the name is looked up again.</param>
    public static SocketsHttpHandler New(TimeSpan connectionLifetime) =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            PooledConnectionLifetime = connectionLifetime,
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        };
}
