using System.Security.Cryptography;
using System.Text;
using NotificationBus.Channels.Http;

namespace NotificationBus.Channels.Push;

/// <summary>The key file of a service account, as Google writes it.</summary>
/// <param name="ProjectId">The project the account belongs to.</param>
/// <param name="Email">Who it is.</param>
/// <param name="KeyId">Which of its keys this is; null when the file does not say.</param>
/// <param name="Key">The private key.</param>
/// <param name="TokenUri">Where the account gets its access tokens.</param>
sealed record FcmServiceAccount(string ProjectId, string Email, string? KeyId, RSAParameters Key, Uri TokenUri)
{
    /// <summary>Reads the JSON; null when it is no key file.</summary>
    public static FcmServiceAccount? Read(string text)
    {
        if (
            JsonPath.Parse(Encoding.UTF8.GetBytes(text)) is not { } file
            || file.Find("project_id") is not { Length: > 0 } project
            || file.Find("client_email") is not { Length: > 0 } email
            || !Uri.TryCreate(file.Find("token_uri"), UriKind.Absolute, out var tokens)
            || !(tokens.Scheme == Uri.UriSchemeHttps || (tokens.Scheme == Uri.UriSchemeHttp && tokens.IsLoopback))
        )
        {
            return null;
        }

        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(file.Find("private_key"));
            return new FcmServiceAccount(
                project,
                email,
                file.Find("private_key_id"),
                rsa.ExportParameters(includePrivateParameters: true),
                tokens
            );
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            return null;
        }
    }
}
