using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Keeps calls to URLs that a user may set out of networks a user has no business in (server-side request forgery). What counts is the
/// address that is connected to, at the moment it is connected to: a name may lead elsewhere than a second ago.
/// </summary>
public sealed class AddressGuard
{
    // What is no place in the public Internet: IANA's special-purpose registries for IPv4 (RFC 6890 and later), and multicast. Those of
    // them that can be reached from everywhere (AS112, AMT, anycast of protocols) are nobody's web server, and stay out as well.
    static readonly IPNetwork[] NotPublic4 =
    [
        IPNetwork.Parse("0.0.0.0/8"), // "this network"; reaches the machine itself
        IPNetwork.Parse("10.0.0.0/8"), // private
        IPNetwork.Parse("100.64.0.0/10"), // carrier-grade NAT
        IPNetwork.Parse("127.0.0.0/8"), // loopback
        IPNetwork.Parse("168.63.129.16/32"), // Azure's own, inside each of its networks
        IPNetwork.Parse("169.254.0.0/16"), // link-local, with the clouds' metadata services
        IPNetwork.Parse("172.16.0.0/12"), // private
        IPNetwork.Parse("192.0.0.0/24"), // protocol assignments
        IPNetwork.Parse("192.0.2.0/24"), // documentation
        IPNetwork.Parse("192.31.196.0/24"), // AS112
        IPNetwork.Parse("192.52.193.0/24"), // AMT
        IPNetwork.Parse("192.88.99.0/24"), // 6to4 relays
        IPNetwork.Parse("192.168.0.0/16"), // private
        IPNetwork.Parse("192.175.48.0/24"), // AS112
        IPNetwork.Parse("198.18.0.0/15"), // benchmarks
        IPNetwork.Parse("198.51.100.0/24"), // documentation
        IPNetwork.Parse("203.0.113.0/24"), // documentation
        IPNetwork.Parse("224.0.0.0/4"), // multicast
        IPNetwork.Parse("240.0.0.0/4"), // reserved, and broadcast
    ];

    // Only 2000::/3 is handed out to the public. The rest of IPv6 (loopback, link-local, unique local, multicast, …) is not in it.
    static readonly IPNetwork Public6 = IPNetwork.Parse("2000::/3");

    static readonly IPNetwork[] NotPublic6 =
    [
        IPNetwork.Parse("2001::/23"), // protocol assignments, with Teredo and ORCHID
        IPNetwork.Parse("2001:db8::/32"), // documentation
        IPNetwork.Parse("2620:4f:8000::/48"), // AS112
        IPNetwork.Parse("3fff::/20"), // documentation
    ];

    // Nobody's receiver, whatever an operator allows: what answers there gives a machine its credentials, or is many machines, or whichever
    // the system takes for it. Link-local networks (RFC 3927, RFC 4291), and the metadata services that clouds have put elsewhere:
    // Alibaba's, Azure's and Oracle's, and Amazon's, Google's, Oracle's and Scaleway's over IPv6.
    static readonly IPNetwork[] Never =
    [
        IPNetwork.Parse("0.0.0.0/32"), // unspecified: the machine itself
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("192.0.0.192/32"),
        IPNetwork.Parse("224.0.0.0/4"), // multicast
        IPNetwork.Parse("255.255.255.255/32"), // broadcast
        IPNetwork.Parse("::/128"), // unspecified
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("ff00::/8"), // multicast
        IPNetwork.Parse("fd00:42::/32"),
        IPNetwork.Parse("fd00:c1::/32"),
        IPNetwork.Parse("fd00:ec2::/32"),
        IPNetwork.Parse("fd20:ce::254/128"),
    ];

    static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");

    // Other ways to write an IPv4 address in IPv6, in its last four octets: NAT64 of a network's own (RFC 8215), translated (RFC 2765),
    // compatible (RFC 4291).
    static readonly IPNetwork[] EndsWithIPv4 =
    [
        Nat64,
        IPNetwork.Parse("64:ff9b:1::/48"),
        IPNetwork.Parse("::ffff:0:0:0/96"),
        IPNetwork.Parse("::/96"),
    ];

    readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    readonly bool _allowsPrivate;

    /// <summary>A guard that resolves names as the machine does.</summary>
    public AddressGuard()
        : this(Dns.GetHostAddressesAsync) { }

    internal AddressGuard(Func<string, CancellationToken, Task<IPAddress[]>> resolve, bool allowsPrivate = false) =>
        (_resolve, _allowsPrivate) = (resolve, allowsPrivate);

    /// <summary>A guard that also lets to private networks, for receivers in the same house, but never to link-local ones.</summary>
    internal AddressGuard Allowing(bool privateAddresses) => new(_resolve, privateAddresses);

    /// <summary>
    /// True when nothing may ever be sent there: the address is link-local, of a cloud's metadata service, or of no machine in particular,
    /// in whatever form it is written.
    /// </summary>
    public static bool IsNever(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return IsNever(address.MapToIPv4());
        if (Array.Exists(Never, network => network.Contains(address)))
            return true;
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return false;

        var octets = address.GetAddressBytes();
        return (Array.Exists(EndsWithIPv4, network => network.Contains(address)) && IsNever(new IPAddress(octets.AsSpan(12, 4))))
            || (SixToFour.Contains(address) && IsNever(new IPAddress(octets.AsSpan(2, 4))))
            || (Teredo.Contains(address) && (IsNever(new IPAddress(octets.AsSpan(4, 4))) || IsNever(ClientOf(octets))));
    }

    /// <summary>
    /// Whom a Teredo address leads to, in its last four octets with every bit turned over (RFC 4380, section 4); before them stands the
    /// server.
    /// </summary>
    static IPAddress ClientOf(byte[] octets) => new([.. octets.AsSpan(12, 4).ToArray().Select(octet => (byte)~octet)]);

    /// <summary>True when the address is a place in the public Internet, also where it stands for an IPv4 address.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return IsPublic(address.MapToIPv4());
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return !Array.Exists(NotPublic4, network => network.Contains(address));

        var octets = address.GetAddressBytes();
        if (Nat64.Contains(address))
            return IsPublic(new IPAddress(octets.AsSpan(12, 4)));
        if (SixToFour.Contains(address))
            return IsPublic(new IPAddress(octets.AsSpan(2, 4)));

        return Public6.Contains(address) && !Array.Exists(NotPublic6, network => network.Contains(address));
    }

    /// <summary>The same as <c>Refuse</c>, with the setting that would allow it, where one would.</summary>
    /// <param name="url">The URL as it was given.</param>
    /// <param name="allowPrivateAddresses">What the setting says.</param>
    /// <param name="setting">The setting, such as <c>Webhooks:AllowPrivateAddresses</c>.</param>
    public static string? RefuseUnless(string url, bool allowPrivateAddresses, string setting) =>
        Refuse(url, allowPrivateAddresses) is not { } wrong ? null
        : Refuse(url, allowPrivateAddresses: true) is null ? $"{wrong}, unless the host has {setting}=true"
        : wrong;

    /// <summary>
    /// Why a URL that a user set can never be called, or null when it looks right: https, the usual port, no user in it, no address of a
    /// private network. Names are not looked up here. The answer does not repeat the URL.
    /// </summary>
    /// <param name="url">The URL as it was given.</param>
    /// <param name="allowPrivateAddresses">
    /// Allows any port, any address but link-local ones, and http, for receivers in the same house.
    /// </param>
    public static string? Refuse(string url, bool allowPrivateAddresses = false)
    {
        if (url.Length > 2048)
            return "the URL is longer than 2048 characters";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Host.Length == 0)
            return "the URL is not absolute";
        if (parsed.Scheme != Uri.UriSchemeHttps && !(allowPrivateAddresses && parsed.Scheme == Uri.UriSchemeHttp))
            return "the URL must begin with https";
        if (parsed.UserInfo.Length > 0)
            return "the URL has a user in it";
        if (DomainName.ToAscii(parsed.DnsSafeHost) is not { } name)
            return "the URL's host is no domain name";
        if (!Ascii.IsValid(parsed.DnsSafeHost) && name != CalledBy(parsed))
            return "the URL's host is not written as domain names are; its ASCII form (xn--…) is taken";
        // The parser has read 127.1 and 0x7f000001 as what they are.
        var host = parsed.DnsSafeHost.TrimEnd('.');
        var isAddress = IPAddress.TryParse(host, out var address);
        if (isAddress && IsNever(address!))
            return NeverCalled;
        if (allowPrivateAddresses)
            return null;
        if (!parsed.IsDefaultPort)
            return "the URL has a port other than 443";

        return isAddress ? (IsPublic(address!) ? null : NotPublic)
            : LocalNames.Has(host) ? NotPublic
            : null;
    }

    /// <summary>
    /// The name that is looked up when the URL is called: not mapped, and so that of another domain for some spellings. Null when it cannot
    /// be called.
    /// </summary>
    static string? CalledBy(Uri url)
    {
        try
        {
            return url.IdnHost;
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// Connects to an address that was checked. A name with one address that is not public is refused: no honest one has any.
    /// </summary>
    /// <exception cref="AddressRefusedException">The name leads to a network that is not public.</exception>
    internal async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var addresses = await _resolve(target.Host, cancellationToken);
        if (Array.Exists(addresses, IsNever))
            throw new AddressRefusedException(NeverCalled);
        if (!_allowsPrivate && !Array.TrueForAll(addresses, IsPublic))
            throw new AddressRefusedException(NotPublic);

        return await ConnectTo(addresses, target.Port, cancellationToken);
    }

    /// <summary>Connects to one of the addresses, without looking anything up again.</summary>
    internal static async Task<Stream> ConnectTo(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    const string NeverCalled = "the URL leads to a link-local address, a cloud's metadata service, or no machine in particular";
    const string NotPublic = "the URL leads to a network that is not public";
}
