using System.Diagnostics;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// What is undone when the test process is gone, however it went: processes killed, folders removed.
/// A shell in a session of its own reads the will line by line and carries it out when its input ends, which even SIGKILL cannot prevent.
/// (PR_SET_PDEATHSIG would not do: it fires when the thread that started the child ends, and .NET starts children on pool threads.)
/// </summary>
static class LastWill
{
    const string Executor = """
        exec >/dev/null 2>&1
        processes= folders=
        while read -r kind what; do
            case $kind in
                process) processes="$processes $what" ;;
                folder) folders="$folders$what
        " ;;
            esac
        done

        started() { stat=$(cat "/proc/$1/stat") && set -- ${stat##*) } && echo "${20}"; }
        # A parent is stopped before its children are looked up, so that none is born unseen.
        end() { kill -STOP "$1"; for child in $(cat /proc/"$1"/task/*/children); do end "$child"; done; kill -KILL "$1"; }
        for process in $processes; do
            # The number may be another process's by now: the start time tells.
            [ "$(started "${process%@*}")" = "${process#*@}" ] && end "${process%@*}"
        done

        printf %s "$folders" | while read -r folder; do
            tries=0
            until rm -rf -- "$folder" || [ $((tries += 1)) -gt 50 ]; do sleep 0.1; done
        done
        """;

    static readonly Lock Pen = new();
    static readonly Lazy<StreamWriter> Paper = new(() =>
    {
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            ArgumentList = { "sh", "-c", Executor },
        };
        var executor = Process.Start(start) ?? throw new InvalidOperationException("setsid did not start");
        executor.StandardInput.AutoFlush = true;
        return executor.StandardInput;
    });

    public static void EndProcess(int id)
    {
        if (ProcessTree.StartTime(id) is { } started)
            Write($"process {id}@{started}");
    }

    public static void RemoveFolder(string path) => Write($"folder {path}");

    static void Write(string line)
    {
        lock (Pen)
            Paper.Value.WriteLine(line);
    }
}
