using System.Collections.Concurrent;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>A server that answers as a test has written, or does not.</summary>
interface IScriptedServer : IAsyncDisposable
{
    Uri Url { get; }

    /// <summary>Head and body of each request, in order. The head is in the form of HTTP/1.1, also over HTTP/2.</summary>
    ConcurrentQueue<(string Head, string Body)> Requests { get; }

    /// <summary>Whether the connection, or the stream, is reset after the answer, or instead of one.</summary>
    bool Resets { get; set; }

    /// <summary>Answers every request. Until then the server is silent.</summary>
    /// <param name="status">Code and words.</param>
    /// <param name="body">The whole body.</param>
    /// <param name="headers">Lines, each with CRLF at its end.</param>
    void Answers(string status, string body = "", string headers = "");

    /// <summary>Begins an answer and resets.</summary>
    void BreaksOff(string status, string beginning);
}
