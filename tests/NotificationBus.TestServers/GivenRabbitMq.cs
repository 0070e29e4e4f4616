using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A broker that runs elsewhere. AMQP cannot create virtual hosts; its management plug-in can, when it listens on its usual port and
/// the user may. Otherwise all tests would share the one they were given and take each other's messages, and that is refused.
/// </summary>
sealed class GivenRabbitMq(Uri uri) : IBroker
{
    const int ManagementPort = 15672;

    readonly ConcurrentBag<string> _created = [];
    readonly HttpClient _management = new()
    {
        BaseAddress = new Uri($"http://{uri.Host}:{ManagementPort}/api/"),
        DefaultRequestHeaders =
        {
            Authorization = new AuthenticationHeaderValue(
                "Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)))
            ),
        },
    };

    public async Task<Uri> CreateVirtualHost()
    {
        var name = $"nbtest-{Guid.CreateVersion7():N}";
        try
        {
            await Put($"vhosts/{name}", new { });
            _created.Add(name);
            await Put(
                $"permissions/{name}/{uri.UserInfo.Split(':')[0]}",
                new
                {
                    configure = ".*",
                    write = ".*",
                    read = ".*",
                }
            );
        }
        catch (HttpRequestException exception)
        {
            throw new InvalidOperationException(
                $"The tests need a virtual host each on the RabbitMQ named in {ServersMissing.RabbitMq}: "
                    + $"let its management plug-in listen on port {ManagementPort}, and give its user the tag administrator.",
                exception
            );
        }

        return new UriBuilder(uri) { Path = name }.Uri;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _created)
        {
            using var deleted = await _management.DeleteAsync(new Uri($"vhosts/{name}", UriKind.Relative));
        }

        _management.Dispose();
    }

    async Task Put(string path, object body)
    {
        using var answer = await _management.PutAsJsonAsync(new Uri(path, UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
    }
}
