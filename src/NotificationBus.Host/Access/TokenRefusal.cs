using Microsoft.IdentityModel.Tokens;

namespace NotificationBus.Host.Access;

/// <summary>The reason why a token was refused, for whoever answers the call.</summary>
/// <param name="Reason">A sentence for whoever sent it; it names nothing of the token.</param>
/// <param name="CannotTell">True when nobody can tell, because the provider does not answer.</param>
sealed record TokenRefusal(string Reason, bool CannotTell)
{
    /// <summary>The refusal of a call; null when its token was not refused.</summary>
    public static TokenRefusal? Of(HttpContext context) => context.Features.Get<TokenRefusal>();

    /// <summary>Notes it.</summary>
    /// <param name="context">The call.</param>
    /// <param name="exception">What is wrong with the token; null when the provider is not known, and nobody can tell.</param>
    public static void Note(HttpContext context, Exception? exception) => context.Features.Set(Read(exception));

    static TokenRefusal Read(Exception? exception) =>
        exception switch
        {
            SecurityTokenExpiredException or SecurityTokenNoExpirationException => new("It has expired, or says no time.", false),
            SecurityTokenNotYetValidException => new("It is not valid yet: compare the clocks.", false),
            SecurityTokenInvalidAudienceException => new("It is for somebody else: its audience is another one.", false),
            SecurityTokenInvalidIssuerException => new("It is of another provider.", false),
            SecurityTokenSignatureKeyNotFoundException => new("The provider has no key like that it is signed with.", false),
            SecurityTokenException or ArgumentException => new("Its signature is wrong or missing, or it is no token.", false),
            // It could not be asked for its keys.
            _ => new("The provider of tokens does not answer.", CannotTell: true),
        };
}
