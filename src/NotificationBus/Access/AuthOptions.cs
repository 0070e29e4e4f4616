using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Access;

/// <summary>Who may call the API.</summary>
public sealed class AuthOptions : IValidatableObject
{
    /// <summary>
    /// The way callers say who they are. By itself a host that runs embedded and listens on this machine alone asks nobody; every other one
    /// asks for a key, and does not start while there is none.
    /// </summary>
    public AuthMode? Mode { get; set; }

    /// <summary>
    /// A key, as <c>keys generate</c> prints it, that is put on record with every scope when it is not there. Once it is revoked it stays
    /// so. Default: none; <c>keys create</c> makes one.
    /// </summary>
    public string? FirstKey { get; set; }

    /// <summary>
    /// How long the keys known last are taken while PostgreSQL does not answer. After that callers are told to come again (503).
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00")]
    public TimeSpan KnownFor { get; set; } = TimeSpan.FromHours(1);

    /// <summary>People who sign in at a provider of OpenID Connect.</summary>
    public SignInOptions OpenIdConnect { get; set; } = new();

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FirstKey is { } key && KeyText.Parse(key) is null)
            yield return new ValidationResult(
                "must be a key as 'keys generate APPLICATION' prints it: nb_{application}_{id}_{secret}",
                [nameof(FirstKey)]
            );
        if (Mode == AuthMode.None && OpenIdConnect.Authority is not null)
            yield return new ValidationResult("must not be None where OpenIdConnect says who may call", [nameof(Mode)]);
    }
}

/// <summary>The way callers of the API say who they are.</summary>
public enum AuthMode
{
    /// <summary>By a key: <c>Authorization: Bearer nb_…</c>.</summary>
    Keys,

    /// <summary>Not at all: whoever reaches <c>Urls</c> may do everything.</summary>
    None,
}
