using System.Net;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Push;

/// <summary>
/// The access token of a service account: asked for with a signed assertion (RFC 7523), kept until shortly before its end, fetched by one
/// caller while the others wait. Source: developers.google.com/identity/protocols/oauth2/service-account (HTTP/REST).
/// </summary>
sealed class FcmAccessToken(FcmServiceAccount account, HttpCallOptions options, TimeProvider clock) : IDisposable
{
    const string Scope = "https://www.googleapis.com/auth/firebase.messaging";

    // The longest that Google allows.
    static readonly TimeSpan AssertionLifetime = TimeSpan.FromHours(1);

    // So that no token ends on its way to FCM.
    static readonly TimeSpan BeforeItsEnd = TimeSpan.FromMinutes(5);

    readonly HttpCalls _calls = new(options.Timeout, clock, guard: null, TrustedAuthorities.Read(options.TrustedCertificate));
    readonly SemaphoreSlim _turn = new(1);
    Token? _current;

    /// <summary>A token that holds for some minutes, or why there is none; then nothing was sent.</summary>
    /// <param name="delivery">What it is needed for.</param>
    /// <param name="refused">The token that FCM has refused; null at first.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(string? Token, ProviderResult? Problem)> Get(Delivery delivery, string? refused, CancellationToken cancellationToken)
    {
        var none = new ProviderResult.Unavailable($"no access token from {account.TokenUri.Host} in time");
        if (Usable(refused) is { } kept)
            return (kept, none);

        try
        {
            await _turn.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return (null, none);
        }

        try
        {
            // Somebody else may have fetched it meanwhile.
            return Usable(refused) is { } fetched ? (fetched, none) : await Fetch(delivery, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _calls.Dispose();
        _turn.Dispose();
    }

    string? Usable(string? refused) =>
        Volatile.Read(ref _current) is { } token && token.Text != refused && clock.GetUtcNow() < token.End - BeforeItsEnd
            ? token.Text
            : null;

    async Task<(string? Token, ProviderResult? Problem)> Fetch(Delivery delivery, CancellationToken cancellationToken)
    {
        Token? token = null;
        var result = await _calls.Make(
            Request(),
            delivery,
            [],
            answer =>
            {
                token = Read(answer);
                return token is null ? Translate(answer) : new ProviderResult.Accepted(ProviderMessageId: null);
            },
            cancellationToken
        );
        Volatile.Write(ref _current, token);
        // Whatever became of the question, nothing was sent.
        return (token?.Text, result is ProviderResult.InDoubt unknown ? new ProviderResult.Unavailable(unknown.Reason) : result);
    }

    HttpRequestMessage Request()
    {
        var now = clock.GetUtcNow();
        var assertion = JsonWebToken.Sign(
            account.Key,
            account.KeyId is null
                ? new { alg = "RS256", typ = "JWT" }
                : new
                {
                    alg = "RS256",
                    typ = "JWT",
                    kid = account.KeyId,
                },
            new
            {
                iss = account.Email,
                scope = Scope,
                aud = account.TokenUri.OriginalString,
                iat = now.ToUnixTimeSeconds(),
                exp = (now + AssertionLifetime).ToUnixTimeSeconds(),
            }
        );
        return new HttpRequestMessage(HttpMethod.Post, account.TokenUri)
        {
            Version = HttpVersion.Version11,
            Content = new FormUrlEncodedContent([
                KeyValuePair.Create("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                KeyValuePair.Create("assertion", assertion),
            ]),
        };
    }

    Token? Read(HttpAnswer answer) =>
        answer.Status == 200
        && answer.Find("access_token") is { Length: > 0 } text
        && text.All(c => c is > ' ' and <= '~')
        && int.TryParse(answer.Find("expires_in"), out var seconds)
            ? new Token(text, clock.GetUtcNow() + TimeSpan.FromSeconds(seconds))
            : null;

    static ProviderResult Translate(HttpAnswer answer) =>
        answer.Status switch
        {
            // Not the answer itself: it may hold a token.
            >= 200 and < 300 => new ProviderResult.Unavailable($"answered {answer.Status} without an access token"),
            408 or 429 or >= 500 => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter),
            _ => new ProviderResult.Misconfigured($"{answer}: check the service account, and the clock of this machine"),
        };

    sealed record Token(string Text, DateTimeOffset End);
}
