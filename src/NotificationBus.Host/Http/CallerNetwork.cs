using System.Net;
using System.Net.Sockets;

namespace NotificationBus.Host.Http;

/// <summary>Whom a bound per caller is for: an address of IPv4, or the network of 64 bits that one subscriber has of IPv6.</summary>
static class CallerNetwork
{
    const int PrefixBytes = 8;

    /// <summary>The caller behind an address; all whose address is not known are one.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address;

        Span<byte> octets = stackalloc byte[16];
        address.TryWriteBytes(octets, out _);
        octets[PrefixBytes..].Clear();
        // Without the number of a network interface, which says nothing about who it is.
        return new IPAddress(octets);
    }
}
