using System.Net;
using System.Net.Sockets;

namespace NotificationBus.BrowserTests;

/// <summary>A server of somebody else. What Chromium keeps back it still reports as a request, so only a listener can tell.</summary>
public sealed class Elsewhere : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public Elsewhere() => _listener.Start();

    public string Origin => $"http://{_listener.LocalEndpoint}";

    /// <summary>Whether anybody ever connected: nobody here takes a caller off the queue.</summary>
    public bool WasCalled => _listener.Pending();

    public void Dispose() => _listener.Dispose();
}
