using System.Security.Claims;

namespace NotificationBus.Dashboard.Api;

/// <summary>The way of the console to the API of its host. The host provides it.</summary>
public interface IApiGateway
{
    /// <summary>Calls the API as somebody, who may do there what their key opens and nothing else.</summary>
    /// <param name="request">The request, its address from the root on, such as <c>/v1/status</c>.</param>
    /// <param name="caller">Whoever looks at the console.</param>
    /// <param name="cancellationToken">Leaves the answer.</param>
    Task<HttpResponseMessage> Send(HttpRequestMessage request, ClaimsPrincipal caller, CancellationToken cancellationToken);

    /// <summary>True while somebody may be here: their session lasts, and their key is not revoked. Costs no round trip.</summary>
    bool Admits(ClaimsPrincipal caller);

    /// <summary>What somebody may see, in a word: whoever has the same may be given the same answers.</summary>
    string Sight(ClaimsPrincipal caller);
}
