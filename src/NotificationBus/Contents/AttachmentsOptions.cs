using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Contents;

/// <summary>Settings of <c>Attachments</c>: files that are fetched and sent with e-mails.</summary>
public sealed class AttachmentsOptions
{
    /// <summary>
    /// The most octets that the files of one e-mail have together, 1 to 20,000,000, default 7,000,000: more does not pass every vendor.
    /// </summary>
    [Range(1, 20_000_000)]
    public int MaxBytes { get; set; } = 7_000_000;

    /// <summary>The time that fetching one file may take, 1 s to 1 min, default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Allows http, every port, and addresses of private networks, for files in the same house. Link-local addresses and the clouds'
    /// metadata services are never called. Default false.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }
}
