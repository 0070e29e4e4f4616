using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NotificationBus.Tests.Host;

/// <summary>A request as it stands on the wire: a client of the framework would mend its path.</summary>
static class RawCall
{
    /// <summary>The status and the head of the answer.</summary>
    public static async Task<(HttpStatusCode Status, string Answer)> Send(Uri server, string method, string target, string host)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        );
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync().WaitAsync(RunningHost.Patience);
        return ((HttpStatusCode)int.Parse(answer.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), answer);
    }
}
