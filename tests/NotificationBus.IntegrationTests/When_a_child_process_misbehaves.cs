using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>The tests rely on their processes to end, and on being told why one did.</summary>
public sealed class When_a_child_process_misbehaves
{
    static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_kill_what_it_has_started_too()
    {
        await using var shell = ChildProcess.Start(["sh", "-c", "setsid sh -c 'echo grandchild $$; exec sleep 600' & wait"]);
        var grandchild = int.Parse(
            (await shell.Line(line => line.StartsWith("grandchild", StringComparison.Ordinal), Limit)).Split(' ')[1]
        );

        await shell.Kill();

        (await shell.Exit).ShouldBe(128 + (int)Signal.Kill);
        await Eventually(() => ProcessTree.State(grandchild) is null);
    }

    [Fact]
    public async Task Should_say_its_last_words_when_it_ends_too_early()
    {
        await using var shell = ChildProcess.Start(["sh", "-c", "echo the disk is full >&2; exit 3"]);

        var failure = await Should.ThrowAsync<InvalidOperationException>(() => shell.Line(line => line is "ready", Limit));

        failure.Message.ShouldContain("the disk is full");
        failure.Message.ShouldContain("ended with 3");
    }

    [Fact]
    public async Task Should_say_its_last_words_when_it_takes_too_long()
    {
        await using var shell = ChildProcess.Start(["sh", "-c", "echo still looking for peers; exec sleep 600"]);
        await shell.Line(line => line.StartsWith("still", StringComparison.Ordinal), Limit);

        var failure = await Should.ThrowAsync<TimeoutException>(() => shell.Line(line => line is "ready", TimeSpan.FromMilliseconds(100)));

        failure.Message.ShouldContain("still looking for peers");
    }

    [Fact]
    public async Task Should_give_the_exit_code_of_an_orderly_end()
    {
        await using var shell = ChildProcess.Start(["sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done"]);
        await shell.Line(line => line is "ready", Limit);

        (await shell.Terminate(Limit)).ShouldBe(7);
    }

    [Fact]
    public async Task Should_stand_still_while_it_is_frozen()
    {
        // One that starts nothing: a shell caught between fork and exec of a child that stands still waits for it, and is never seen
        // stopped.
        await using var shell = ChildProcess.Start(["sh", "-c", "echo ready; exec sleep 600"]);
        await shell.Line(line => line is "ready", Limit);

        shell.Freeze();
        await Eventually(() => ProcessTree.State(shell.Id) is "T");
        shell.Thaw();

        await Eventually(() => ProcessTree.State(shell.Id) is not "T");
    }

    [Fact]
    public async Task Should_end_with_a_test_process_that_is_killed()
    {
        // These very tests, in a process of their own that is killed while it runs a server.
        using var folder = new TemporaryFolder();
        await using var tests = ChildProcess.Start(
            [
                "dotnet",
                typeof(When_a_child_process_misbehaves).Assembly.Location,
                "-method",
                $"{typeof(When_a_PostgresServer_is_killed).FullName}.*",
            ],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["TMPDIR"] = folder.Path }
        );
        File.SetUnixFileMode(
            folder.Path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute
        );
        await tests.Until("its server runs", Limit, () => Task.FromResult(ProcessTree.Of(tests.Id).Any(IsServer)));
        // Frozen: by itself it cannot end now, not even because its folder is gone.
        var orphans = ProcessTree.Of(tests.Id).Where(IsServer).SelectMany(ProcessTree.Freeze).ToList();
        orphans.ShouldNotBeEmpty();

        tests.Send(Signal.Kill);

        await Eventually(() => orphans.All(orphan => ProcessTree.State(orphan) is null));
        await Eventually(() => Directory.GetDirectories(folder.Path, "nbtest-*").Length == 0);
    }

    /// <summary>The server itself: the processes that prepare its data folder end by themselves.</summary>
    static bool IsServer(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/comm").Trim() is "postgres"
                && File.ReadAllText($"/proc/{id}/cmdline").Contains("listen_addresses", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // It has ended meanwhile.
        }
    }

    static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Limit);
        while (!condition())
            await Task.Delay(10, patience.Token);
    }
}
