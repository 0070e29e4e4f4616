using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NotificationBus.Receipts;

/// <summary>A link that was followed.</summary>
public sealed record ReceiptClick
{
    // Names that programs give themselves, and no browser has. Who looks like a browser is known by the times alone.
    static readonly string[] Programs =
    [
        "bot",
        "crawler",
        "spider",
        "scanner",
        "preview",
        "headless",
        "phantomjs",
        "slurp",
        "barracuda",
        "proofpoint",
        "mimecast",
        "python-",
        "curl/",
        "wget/",
        "go-http-client",
        "apache-httpclient",
        "java/",
        "libwww",
        "node-fetch",
        "axios/",
    ];

    // A telephone.
    const string NoProgram = "cubot";

    /// <summary>
    /// Tells one link of a delivery from another: a hash, for links may hold secrets. 0 when the vendor does not say which.
    /// </summary>
    public int Link { get; init; }

    /// <summary>True when the name of the program that followed it says that it was no person.</summary>
    public bool IsAutomatic { get; init; }

    /// <summary>Reads what a vendor says of a click.</summary>
    /// <param name="link">The link; null when it does not say.</param>
    /// <param name="userAgent">The name of the program that followed it; null when it does not say.</param>
    public static ReceiptClick Of(string? link, string? userAgent) =>
        new() { Link = string.IsNullOrEmpty(link) ? 0 : HashOf(link), IsAutomatic = userAgent is not null && IsProgram(userAgent) };

    static bool IsProgram(string userAgent)
    {
        var name = userAgent.Replace(NoProgram, "", StringComparison.OrdinalIgnoreCase);
        return Programs.Any(program => name.Contains(program, StringComparison.OrdinalIgnoreCase));
    }

    static int HashOf(string link)
    {
        var hash = BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(link)));
        return hash == 0 ? 1 : hash;
    }
}
