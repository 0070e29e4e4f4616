using System.IO.Compression;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Unpacks an answer by what its octets look like: header fields say gzip of what something on the way has unpacked, say nothing of what is
/// packed, and mean two things by <c>deflate</c> (RFC 9110, section 8.4.1.2). What cannot be unpacked is as it is.
/// </summary>
static class Compression
{
    const int MostEncodings = 2;

    /// <summary>Unpacks.</summary>
    /// <param name="body">All that came.</param>
    /// <param name="encodings">What the header says, in the order in which they were applied.</param>
    /// <param name="longest">No more comes out.</param>
    /// <param name="isComplete">False when there was more.</param>
    public static byte[] Unpack(byte[] body, IEnumerable<string> encodings, int longest, out bool isComplete)
    {
        isComplete = true;
        foreach (var encoding in encodings.Reverse().Take(MostEncodings))
        {
            body =
                encoding.ToLowerInvariant() switch
                {
                    "gzip" or "x-gzip" => TryGzip(body, longest, ref isComplete),
                    "deflate" => Try(body, packed => new ZLibStream(packed, CompressionMode.Decompress), longest, ref isComplete)
                        ?? Try(body, packed => new DeflateStream(packed, CompressionMode.Decompress), longest, ref isComplete),
                    "br" => Try(body, packed => new BrotliStream(packed, CompressionMode.Decompress), longest, ref isComplete),
                    _ => null,
                } ?? body;
        }

        for (var more = 0; more < MostEncodings && isComplete; more++)
            body = TryGzip(body, longest, ref isComplete) ?? body;

        return body;
    }

    // No text begins with these two octets (RFC 1952, section 2.3.1).
    static byte[]? TryGzip(byte[] body, int longest, ref bool isComplete) =>
        body is [0x1F, 0x8B, ..] ? Try(body, packed => new GZipStream(packed, CompressionMode.Decompress), longest, ref isComplete) : null;

    static byte[]? Try(byte[] body, Func<Stream, Stream> unpack, int longest, ref bool isComplete)
    {
        using var unpacked = new MemoryStream();
        try
        {
            using var stream = unpack(new MemoryStream(body));
            var buffer = new byte[8 * 1024];
            int read;
            while ((read = stream.Read(buffer)) > 0)
            {
                var room = Math.Min(read, longest - (int)unpacked.Length);
                unpacked.Write(buffer, 0, room);
                if (room < read)
                {
                    isComplete = false;
                    break;
                }
            }

            return unpacked.Length > 0 || body.Length == 0 ? unpacked.ToArray() : null;
        }
        catch (Exception broken) when (broken is InvalidDataException or IOException or InvalidOperationException)
        {
            return null;
        }
    }
}
