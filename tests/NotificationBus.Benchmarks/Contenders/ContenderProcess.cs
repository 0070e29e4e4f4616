using System.Globalization;
using System.Runtime.InteropServices;

namespace NotificationBus.Benchmarks.Contenders;

/// <summary>
/// The inside of a contender that is written here: says when it is ready, says what it has allocated whenever it is sent SIGCONT
/// (which does nothing else to a process that runs), and ends on SIGTERM.
/// </summary>
static class ContenderProcess
{
    public const string Ready = "ready";
    public const string Allocated = "allocated";

    public static async Task<int> Run(Func<Task<IAsyncDisposable>> start)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        using var terminated = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            signal =>
            {
                signal.Cancel = true;
                end.TrySetResult();
            }
        );
        using var continued = PosixSignalRegistration.Create(
            PosixSignal.SIGCONT,
            _ =>
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Allocated} {Interlocked.Increment(ref asked)} {GC.GetTotalAllocatedBytes()}"
                    )
                )
        );

        await using var contender = await start();
        Console.WriteLine(Ready);
        await end.Task;
        return 0;
    }
}
