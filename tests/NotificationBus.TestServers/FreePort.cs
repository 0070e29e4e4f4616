using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A loopback port nobody listens on. Taken below the range the kernel gives to outgoing connections: a server that is killed and
/// restarted must find its port free, and a client that keeps dialling a dead port of that range may end up connected to itself.
/// </summary>
static class FreePort
{
    static readonly ConcurrentDictionary<int, bool> Taken = new();

    public static int Take()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(15_000, 32_000);
            if (Taken.TryAdd(port, value: true) && IsFree(port))
                return port;
        }
    }

    static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
