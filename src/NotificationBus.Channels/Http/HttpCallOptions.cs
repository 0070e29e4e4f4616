using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Channels.Http;

/// <summary>Settings of every account that is called over HTTP: <c>Providers:{account}</c>.</summary>
public abstract class HttpCallOptions : IValidatableObject
{
    /// <summary>
    /// The longest a call may take, from connecting to the last byte of the answer. Default 15 s, for webhooks 30 s; from 1 s to 5 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00", ErrorMessage = "must be from {1} to {2}")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A PEM file with the only authorities to trust, for a service with a certificate of a private one. Default: those of the machine.
    /// </summary>
    [PemFile]
    public string? TrustedCertificate { get; set; }

    /// <summary>
    /// Whether the service is told to which trace a call belongs, in the header <c>traceparent</c>. Default: false, for whose trace it is
    /// is no vendor's business; true for a service of your own.
    /// </summary>
    public bool SendTraceParent { get; set; }

    /// <inheritdoc />
    public abstract IEnumerable<ValidationResult> Validate(ValidationContext validationContext);
}
