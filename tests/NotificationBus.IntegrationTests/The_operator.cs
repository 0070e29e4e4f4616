using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>Somebody who looks after the hosts, over HTTP.</summary>
static class The_operator
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    /// <summary>Asks a host for something; anything but a 2xx is a failure.</summary>
    public static async Task Asks(IRunningHost host, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative))
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        using var answer = await host.Client.SendAsync(request);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Sets something for a provider, and waits until all hosts have heard of it.</summary>
    public static async Task SetsProvider(string account, object setting, Func<JsonElement, bool> inForce, params IRunningHost[] hosts)
    {
        await Asks(hosts[0], HttpMethod.Put, $"/v1/providers/{account}", setting);
        foreach (var host in hosts)
            await Sees(
                host,
                "/v1/providers",
                all =>
                    inForce(all.GetProperty("providers").EnumerateArray().First(one => one.GetProperty("account").GetString() == account))
            );
    }

    /// <summary>Pauses or resumes a channel, and waits until all hosts have heard of it.</summary>
    public static async Task SetsChannel(string channel, bool paused, string why, params IRunningHost[] hosts)
    {
        await Asks(
            hosts[0],
            HttpMethod.Put,
            $"/v1/channels/{channel}",
            new
            {
                paused,
                by = "ann",
                why,
            }
        );
        foreach (var host in hosts)
        {
            await Sees(
                host,
                "/v1/channels",
                all =>
                    all.GetProperty("channels")
                        .EnumerateArray()
                        .Single(one => one.GetProperty("channel").GetString() == channel)
                        .GetProperty("paused")
                        .GetBoolean() == paused
            );
        }
    }

    /// <summary>Looks until the answer is as wanted.</summary>
    public static async Task<JsonElement> Sees(IRunningHost host, string path, Func<JsonElement, bool> wanted)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            var found = await host.Client.GetFromJsonAsync<JsonElement>(path);
            if (wanted(found))
                return found;
            if (waiting.Elapsed > Soon)
                throw new TimeoutException($"{path} still answers after {Soon}: {found}\n{host.Output}");

            await Task.Delay(20);
        }
    }
}
