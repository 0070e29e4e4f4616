using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Components.Authorization;

namespace NotificationBus.Dashboard.Api;

/// <summary>
/// The client of whoever looks at the console: it calls the public API as they would, with what their key opens. What is read is shared
/// with everybody whose key opens as much; what changes something is not.
/// </summary>
public sealed class ApiClient(IApiGateway gateway, SharedAnswers shared, AuthenticationStateProvider state)
{
    /// <summary>The form of what the API says.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Reads.</summary>
    /// <exception cref="ApiException">The API answered something else.</exception>
    public async Task<T> Get<T>(string path) => Read<T>(await Ask(path));

    /// <summary>Reads what may not be there.</summary>
    /// <returns>Null when there is no such thing, or not any more.</returns>
    /// <exception cref="ApiException">The API answered something else.</exception>
    public async Task<T?> Find<T>(string path)
        where T : class
    {
        var answer = await Ask(path);
        return answer.Status is 404 or 410 ? null : Read<T>(answer);
    }

    /// <summary>Reads an answer as it stands.</summary>
    /// <exception cref="ApiException">The API answered something else.</exception>
    public async Task<string> Text(string path)
    {
        var answer = await Ask(path);
        Demand(answer);
        return System.Text.Encoding.UTF8.GetString(answer.Body);
    }

    /// <summary>Changes something, or asks what takes a body.</summary>
    /// <exception cref="ApiException">The API refused it.</exception>
    public async Task<T?> Send<T>(HttpMethod method, string path, object? body = null)
        where T : class
    {
        var answer = await Send(method, path, body);
        return answer.Body.Length == 0 ? null : Read<T>(answer);
    }

    /// <summary>Asks what takes a body, and changes nothing.</summary>
    /// <exception cref="ApiException">The API answered something else.</exception>
    public async Task<T> Ask<T>(string path, object body)
    {
        var caller = await Caller();
        var asked = JsonSerializer.Serialize(body, body.GetType(), Json);
        return Read<T>(
            await shared.Get(
                $"{gateway.Sight(caller)} {path} {asked}",
                () =>
                    Call(
                        new HttpRequestMessage(HttpMethod.Post, path)
                        {
                            Content = new StringContent(asked, System.Text.Encoding.UTF8, "application/json"),
                        },
                        caller
                    )
            )
        );
    }

    /// <summary>Publishes an event. What others have read a moment ago stays.</summary>
    /// <exception cref="ApiException">The API refused it.</exception>
    public async Task Publish(string path, object happened) =>
        Demand(
            await Call(
                new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(happened, happened.GetType(), options: Json) },
                await Caller()
            )
        );

    /// <summary>True when there is such an address on this host.</summary>
    public async Task<bool> IsThere(string path) => (await Ask(path)).Status is >= 200 and < 300;

    /// <summary>Changes something.</summary>
    /// <exception cref="ApiException">The API refused it.</exception>
    public async Task Do(HttpMethod method, string path, object? body = null) => await Send(method, path, body);

    async Task<ApiAnswer> Send(HttpMethod method, string path, object? body)
    {
        var caller = await Caller();
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        var answer = await Call(request, caller);
        shared.Clear();
        Demand(answer);
        return answer;
    }

    async Task<ApiAnswer> Ask(string path)
    {
        var caller = await Caller();
        return await shared.Get($"{gateway.Sight(caller)} {path}", () => Call(new HttpRequestMessage(HttpMethod.Get, path), caller));
    }

    async Task<ClaimsPrincipal> Caller()
    {
        var caller = (await state.GetAuthenticationStateAsync()).User;
        // What others have asked for a moment ago is not for somebody whose key is revoked, or whose session is over.
        return gateway.Admits(caller) ? caller : throw new ApiException(401, "You are not signed in any more");
    }

    async Task<ApiAnswer> Call(HttpRequestMessage request, ClaimsPrincipal caller)
    {
        using (request)
        using (var answer = await gateway.Send(request, caller, CancellationToken.None))
            return new ApiAnswer((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
    }

    static T Read<T>(ApiAnswer answer)
    {
        Demand(answer);
        return JsonSerializer.Deserialize<T>(answer.Body, Json) ?? throw new ApiException(answer.Status, "The answer is empty");
    }

    static void Demand(ApiAnswer answer)
    {
        if (answer.Status is >= 200 and < 300)
            return;

        ProblemAnswer? problem = null;
        try
        {
            problem = JsonSerializer.Deserialize<ProblemAnswer>(answer.Body, Json);
        }
        catch (JsonException)
        {
            // Something between says no in its own words.
        }

        throw new ApiException(answer.Status, problem?.Title ?? $"The API answered {answer.Status}", problem?.Sentence);
    }

    sealed record ProblemAnswer(string? Title, string? Detail, Dictionary<string, string[]>? Errors)
    {
        public string? Sentence =>
            Errors is { Count: > 0 } errors
                ? string.Join(" ", errors.Select(error => $"{error.Key} {error.Value.FirstOrDefault()}."))
                : Detail;
    }
}
