using NotificationBus.Emulators;

namespace NotificationBus.Chaos.Situations;

/// <summary>
/// A10: both vendors of e-mail say 503 while events keep coming. Nobody is asked to decide anything, and nothing is sent twice.
/// </summary>
sealed class VendorsAway : Situation
{
    const int PerSecond = 5;

    static readonly TimeSpan AllSentWithin = TimeSpan.FromMinutes(2);

    // Where each of them carries the id of the delivery.
    static readonly IReadOnlyDictionary<string, string> References = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["sendgrid"] = "personalizations.0.custom_args.delivery_id",
        ["brevo"] = "headers.X-Mailin-custom",
    };

    TimeSpan _untilAllSent;
    int _calls;

    public override string Name => "vendors-503";

    public override string What => "emulated SendGrid and Brevo both say 503 for a while under flow, and come back";

    // The issue's ten minutes are --every 600.
    public override Dose Full => new(600, TimeSpan.FromMinutes(2));

    // As it is unless somebody sets it: what waits must be back in time by itself.
    public override IReadOnlyDictionary<string, string> Settings { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Redelivery:FirstDelay"] = "00:00:05",
            ["Redelivery:LongestDelay"] = "00:10:00",
            ["Channels:email:Providers"] = "sendgrid,brevo",
        };

    public override async Task Happen(Arena arena, Dose dose)
    {
        await using var emulator = await Emulator.Start();
        var accounts = References
            .Keys.SelectMany(vendor => emulator.SettingsOf(vendor))
            .ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal);
        await arena.Start("api,worker", accounts);

        Switch(emulator, [new() { Kind = FaultKind.Fail, Status = 503 }]);
        var back = Clock.Now + dose.Every;
        // For as long as they are away, and some more.
        var flow = arena.Bus.Publish(
            Enumerable.Range(1, dose.Count).Select(number => Occurrence.Placed(Name, number)),
            Math.Max(PerSecond, (int)(dose.Count / dose.Every.TotalSeconds))
        );
        await Task.Delay(back - Clock.Now);
        _calls = References.Keys.Sum(vendor => emulator[vendor].Received);
        Switch(emulator, []);
        var returned = Clock.Now;
        await flow;

        await Arena.Until(() => References.Keys.Sum(vendor => emulator[vendor].TakenCount) >= dose.Count, 2 * AllSentWithin);
        _untilAllSent = Clock.Now - returned;
        await arena.Settle();
        foreach (var (vendor, reference) in References)
        {
            foreach (var taken in emulator[vendor].Requests.Where(request => request.Taken))
                arena.Witness.Record(vendor, Guid.Parse(taken.Find(reference)!), taken.At).Taken = true;
        }
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.In("held") > 0, $"{audit.In("held")} are held"),
            .. When(audit.Duplicates > 0, $"{audit.Duplicates} were sent twice, though 503 is no doubt"),
            .. When(_untilAllSent > AllSentWithin, $"all were sent only {_untilAllSent.TotalSeconds:0} s after the vendors were back"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"all sent {_untilAllSent.TotalSeconds:0} s after their return", $"{_calls} calls while they were away"];

    static void Switch(Emulator emulator, IReadOnlyList<Fault> faults)
    {
        foreach (var vendor in References.Keys)
            emulator[vendor].Faults = faults;
    }
}
