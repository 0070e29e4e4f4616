using System.Net.Sockets;
using System.Text;

namespace NotificationBus.Tests.Host;

/// <summary>A request written byte for byte, as no client library would write it.</summary>
sealed class RawRequest : IDisposable
{
    readonly TcpClient _client = new() { NoDelay = true };

    /// <summary>Connects, and writes the beginning of the request.</summary>
    public static async Task<RawRequest> Begin(Uri host, string text)
    {
        var request = new RawRequest();
        await request._client.ConnectAsync(host.Host, host.Port);
        await request.Write(Encoding.Latin1.GetBytes(text.ReplaceLineEndings("\r\n")));
        return request;
    }

    /// <summary>Writes on; what the server does not take any more is nobody's trouble.</summary>
    public async Task Write(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _client.GetStream().WriteAsync(bytes);
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException) { }
    }

    /// <summary>What the server answered until it closed the connection, or said nothing more for a moment.</summary>
    public async Task<string> Answer(TimeSpan patience)
    {
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        using var enough = new CancellationTokenSource(patience);
        try
        {
            while (await _client.GetStream().ReadAsync(buffer, enough.Token) is var read and > 0)
            {
                answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
                enough.CancelAfter(TimeSpan.FromMilliseconds(300));
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException) { }

        return answer.ToString();
    }

    /// <summary>True when the server has broken the connection off, though what it has sent before is not read.</summary>
    public bool IsClosed
    {
        get
        {
            try
            {
                // Writing to a connection that is gone is what tells.
                return _client.Client.Poll(0, SelectMode.SelectError) || _client.Client.Send([(byte)'\n']) == 0;
            }
            catch (SocketException)
            {
                return true;
            }
        }
    }

    /// <summary>No more comes from this side.</summary>
    public void EndOfSending()
    {
        try
        {
            _client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The host has closed the connection already, and hears no end.
        }
    }

    public void Dispose() => _client.Dispose();
}
