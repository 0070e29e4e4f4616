using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.Tests.Host;

/// <summary>A call that lasts obeys what short ones do.</summary>
public sealed class When_a_key_of_a_stream_is_revoked(HostWithKeys keyed) : IClassFixture<HostWithKeys>
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Should_end()
    {
        var made = await Call(
            HttpMethod.Post,
            "/v1/keys",
            HostWithKeys.FirstKey,
            new
            {
                application = "first",
                scopes = new[] { "read" },
                why = "a test",
            }
        );
        var (key, keyId) = (made.GetProperty("key").GetString()!, made.GetProperty("onRecord").GetProperty("id").GetString()!);
        await Call(HttpMethod.Put, "/v1/channels/email", HostWithKeys.FirstKey, new { paused = true, why = "a test" });
        var accepted = await Call(
            HttpMethod.Post,
            "/v1/notifications",
            HostWithKeys.FirstKey,
            new
            {
                category = "announcement",
                recipient = new { id = "seller-42", email = "som@example.com" },
                channels = new[] { "email" },
                data = new { title = "Hours", text = "We open at nine." },
            }
        );
        using var request = Request(HttpMethod.Get, $"/v1/notifications/{accepted.GetProperty("id").GetGuid()}/events", key);
        using var answer = await keyed.Host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var body = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancelled));
        (await body.ReadLineAsync(Cancelled)).ShouldBe(": open");

        await Call(HttpMethod.Post, $"/v1/keys/{keyId}/revoke", HostWithKeys.FirstKey, new { why = "it was in a log" });

        (await body.ReadToEndAsync(Cancelled).WaitAsync(Patience, Cancelled)).ShouldNotContain("data:");
    }

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    static HttpRequestMessage Request(HttpMethod method, string path, string key) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    async Task<JsonElement> Call(HttpMethod method, string path, string key, object content)
    {
        using var request = Request(method, path, key);
        request.Content = JsonContent.Create(content);
        using var answer = await keyed.Host.Client.SendAsync(request, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {text}");
        return JsonElement.Parse(text);
    }
}
