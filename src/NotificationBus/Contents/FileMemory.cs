using Microsoft.Extensions.Options;
using NotificationBus.Telemetry;

namespace NotificationBus.Contents;

/// <summary>
/// Limits what this host holds of files in memory. What arrives is counted as it arrives, and nobody waits for room: whoever has some
/// already would wait for others who do the same.
/// </summary>
public sealed class FileMemory(IOptions<AttachmentsOptions> options) : IGate
{
    readonly Lock _lock = new();
    long _taken;

    /// <inheritdoc />
    public IEnumerable<GateUse> Uses => [new GateUse("attachment-octets", Volatile.Read(ref _taken), options.Value.HostBytes)];

    /// <summary>Begins with the files of one e-mail.</summary>
    /// <param name="most">The most octets they may have together.</param>
    public FileRoom Room(int most) => new(this, most);

    // Where nobody else has any there is always room: what is larger than all of it goes alone.
    internal bool TryTake(int octets, long own)
    {
        lock (_lock)
        {
            if (_taken > own && _taken + octets > options.Value.HostBytes)
                return false;

            _taken += octets;
            return true;
        }
    }

    internal void GiveBack(long octets)
    {
        lock (_lock)
            _taken -= octets;
    }
}

/// <summary>The room for the files of one e-mail, from the first octet that arrives until the e-mail was sent.</summary>
public sealed class FileRoom : IDisposable
{
    readonly FileMemory _memory;
    readonly int _most;
    int _taken;

    internal FileRoom(FileMemory memory, int most) => (_memory, _most) = (memory, most);

    /// <summary>The octets that the e-mail may still have.</summary>
    public int Left => Math.Max(_most - _taken, 0);

    /// <summary>Takes room for octets.</summary>
    /// <returns>False when others have too much of the host's memory at the moment.</returns>
    public bool TryTake(int octets)
    {
        if (!_memory.TryTake(octets, _taken))
            return false;

        _taken += octets;
        return true;
    }

    /// <summary>Gives back what was taken for a file that did not come to its end.</summary>
    public void GiveBack(int octets)
    {
        _taken -= octets;
        _memory.GiveBack(octets);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _memory.GiveBack(_taken);
        _taken = 0;
    }
}
