using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Channels.Http;

/// <summary>Settings of the account of every vendor with an HTTP API: <c>Providers:{account}</c>.</summary>
public abstract class HttpVendorOptions : HttpCallOptions
{
    /// <summary>
    /// The URL of the vendor's API, https, or http on this machine: for another region, or an emulator. Default: the vendor's own.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>
    /// The vendor's own API, such as <c>https://api.example.com</c>; null when each delivery says itself where it is sent.
    /// </summary>
    protected virtual string? DefaultUrl => null;

    // An empty value is what an environment file leaves behind when nothing is meant.
    internal Uri? BaseAddress =>
        !string.IsNullOrEmpty(Url) ? new Uri(Url)
        : DefaultUrl is { } url ? new Uri(url)
        : null;

    /// <inheritdoc />
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(Url))
            yield break;

        if (
            !Uri.TryCreate(Url, UriKind.Absolute, out var url)
            || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
        )
            yield return new ValidationResult("must be an absolute URL with https, or with http to this machine", [nameof(Url)]);
        else if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
            yield return new ValidationResult("must be host and path only", [nameof(Url)]);
    }

    /// <summary>Says that a setting is missing or no value of a header, for what every request carries there.</summary>
    protected static IEnumerable<ValidationResult> MustBeSet(string? value, string member)
    {
        if (string.IsNullOrWhiteSpace(value))
            yield return new ValidationResult("must be set", [member]);
        else if (value.Any(c => c is <= ' ' or > '~'))
            yield return new ValidationResult("must be printable ASCII without spaces", [member]);
    }
}
