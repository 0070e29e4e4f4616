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
    /// The most octets of files that one host holds in memory at the same time, 1 to 2,000,000,000, default 32,000,000. E-mails beyond that
    /// wait; one whose files are larger than that goes alone. What is written of them for a vendor takes several times as much.
    /// </summary>
    [Range(1, 2_000_000_000)]
    public int HostBytes { get; set; } = 32_000_000;

    /// <summary>
    /// The most files that one host fetches at the same time for one channel and lane, 1 to 1,000, default 32. Never more than half of the
    /// messages that it has at work there, so that e-mails without files go on.
    /// </summary>
    [Range(1, 1000)]
    public int Concurrency { get; set; } = 32;

    /// <summary>
    /// The most of them from one server, by name and port, 1 to 1,000, default 4. From one that was not there a moment ago it is one.
    /// </summary>
    [Range(1, 1000)]
    public int ServerConcurrency { get; set; } = 4;

    /// <summary>
    /// Allows http, every port, and addresses of private networks, for files in the same house. Link-local addresses and the clouds'
    /// metadata services are never called. Default false.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }
}
