using System.Globalization;
using System.Runtime.InteropServices;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>Signals of Linux on x86-64 and arm64.</summary>
enum Signal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>
/// A process with everything it has started, found by parent ids: groups do not do, PostgreSQL gives each backend its own.
/// </summary>
static partial class ProcessTree
{
    public static void Send(int id, Signal signal) => _ = SendSignal(id, (int)signal);

    /// <summary>The processes of a tree, parents first.</summary>
    public static IReadOnlyList<int> Of(int root) => Walk(root, _ => { });

    /// <summary>Stops the whole tree. A parent is stopped before its children are looked up, so that none is born unseen.</summary>
    public static IReadOnlyList<int> Freeze(int root) => Walk(root, id => Send(id, Signal.Stop));

    public static void Thaw(int root) => Walk(root, id => Send(id, Signal.Continue));

    public static void Kill(int root)
    {
        foreach (var id in Freeze(root))
            Send(id, Signal.Kill);
    }

    /// <summary>When the process started, in ticks since the machine did: with the id it names one process for ever.</summary>
    public static string? StartTime(int id) => Stat(id) is { } stat ? stat[19] : null;

    /// <summary>
    /// How long a tree has kept processors busy so far, with the children that have ended; the kernel counts in hundredths of a second.
    /// </summary>
    public static TimeSpan ProcessorTime(int root) =>
        TimeSpan.FromMilliseconds(
            10 * Of(root).Sum(id => Stat(id) is { } stat ? stat[11..15].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) : 0)
        );

    /// <summary>
    /// A letter such as T for a stopped process; null when there is none, or only a zombie that waits for its parent to take notice.
    /// </summary>
    public static string? State(int id) => Stat(id)?[0] is { } state and not "Z" ? state : null;

    static List<int> Walk(int root, Action<int> visit)
    {
        var seen = new List<int> { root };
        for (var next = 0; next < seen.Count; next++)
        {
            visit(seen[next]);
            seen.AddRange(Children(seen[next]));
        }

        return seen;
    }

    static List<int> Children(int parent)
    {
        var id = parent.ToString(CultureInfo.InvariantCulture);
        return Directory
            .EnumerateDirectories("/proc")
            .Select(folder =>
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) ? process : 0
            )
            .Where(process => process > 0 && string.Equals(Stat(process)?[1], id, StringComparison.Ordinal))
            .ToList();
    }

    /// <summary>
    /// What /proc says about a process from its state on: the name before it may hold anything, parentheses and blanks too.
    /// </summary>
    static string[]? Stat(int id)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{id}/stat");
            return line[(line.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int id, int signal);
}
