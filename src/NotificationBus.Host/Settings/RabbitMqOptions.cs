using System.ComponentModel.DataAnnotations;
using NotificationBus.Channels.Http;

namespace NotificationBus.Host.Settings;

/// <summary>Settings of <c>RabbitMq</c>; where it is stands in <c>ConnectionStrings:RabbitMq</c>.</summary>
public sealed class RabbitMqOptions : IValidatableObject
{
    /// <summary>A PEM file with the only authorities to trust for <c>amqps</c>; by default those of the machine.</summary>
    [PemFile]
    public string? TrustedCertificate { get; set; }

    /// <summary>
    /// The URL of the broker's management plug-in, such as <c>http://rabbit:15672</c>. Only it can tell which policies are in force (AMQP
    /// cannot). By default port 15672 of the broker is tried, unless the connection is encrypted. The user of the connection needs the tag
    /// <c>management</c>.
    /// </summary>
    public string? ManagementUrl { get; set; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (
            ManagementUrl is { } url
            && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0)
        )
            yield return new ValidationResult("must be an address such as http://rabbit:15672, without a user", [nameof(ManagementUrl)]);
    }
}
