using System.Diagnostics;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 6.</summary>
sealed class StopPostgres(string name, TimeSpan away) : Situation
{
    static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(5);

    TimeSpan _longest;

    public override string Name => name;

    public override string What => "PostgreSQL is stopped for a while under load, and started again";

    public override Dose Full => new(6_000, away);

    public override async Task Happen(Arena arena, Dose dose)
    {
        var host = await arena.Start("api,worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 200);
        await Task.Delay(TimeSpan.FromSeconds(2));
        await arena.Postgres.Stop();
        try
        {
            var until = Clock.Now + dose.Every;
            while (Clock.Now < until)
            {
                await Ask(host.Client);
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
        finally
        {
            await arena.Postgres.Restart();
        }

        await publishing;
        await arena.Settle(TimeSpan.FromSeconds(90));
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
            .. When(_longest > LongestAnswer, $"the API took {_longest.TotalSeconds:0.0} s to answer without its database"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"the API's slowest answer took {_longest.TotalSeconds:0.0} s"];

    async Task Ask(HttpClient api)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await api.GetAsync(new Uri($"/v1/notifications/{Guid.NewGuid()}", UriKind.Relative));
        }
        catch (HttpRequestException)
        {
            // No answer is an answer that took so long.
        }

        var took = Stopwatch.GetElapsedTime(started);
        _longest = took > _longest ? took : _longest;
    }
}
