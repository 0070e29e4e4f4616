using NotificationBus.Emulators;

namespace NotificationBus.Chaos.Situations;

/// <summary>
/// The vendors' own ways to fail and to report, as far as they are emulated: reliability, rows 11 to 17, with real requests and signed
/// receipts.
/// </summary>
sealed class VendorsFail : Situation
{
    static readonly TimeSpan ReportsArrive = TimeSpan.FromMinutes(2);

    /// <summary>Where each of them carries the id of the delivery.</summary>
    static readonly IReadOnlyDictionary<string, string> References = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["sendgrid"] = "personalizations.0.custom_args.delivery_id",
        ["brevo"] = "headers.X-Mailin-custom",
        ["fcm"] = "message.data.deliveryId",
    };

    bool _allConfirmed;

    public override string Name => "vendors-fail";

    public override string What =>
        "emulated SendGrid, Brevo and FCM throttle, fail, hang, reset and babble, and report twice and out of order";

    public override Dose Full => new(300, TimeSpan.Zero);

    public override async Task Happen(Arena arena, Dose dose)
    {
        await using var emulator = await Emulator.Start();
        var settings = References
            .Keys.SelectMany(vendor => emulator.SettingsOf(vendor))
            .ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.Ordinal);
        settings["Channels:email:Providers"] = "sendgrid,brevo";
        settings["Channels:push:Providers"] = "fcm";
        var host = await arena.Start("api,worker", settings);
        foreach (var vendor in References.Keys)
            emulator[vendor].Faults = Faults;
        foreach (var vendor in (string[])["sendgrid", "brevo"])
            emulator[vendor].Receipts = Reports(new Uri(host.Client.BaseAddress!, $"/v1/receipts/{vendor}"));

        await arena.Bus.Publish(Enumerable.Range(1, dose.Count).Select(number => Occurrence.Placed(Name, number)));
        await arena.Settle(ReportsArrive);
        _allConfirmed = await Confirmed(arena, 2L * dose.Count);
        foreach (var (vendor, reference) in References)
        {
            foreach (var taken in emulator[vendor].Requests.Where(request => request.Taken))
                arena.Witness.Record(vendor, Guid.Parse(taken.Find(reference)!), taken.At).Taken = true;
        }
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(!_allConfirmed, "not every mail was confirmed by its receipt")];

    static IReadOnlyList<Fault> Faults =>
        [
            new() { Kind = FaultKind.Hang, Times = 2 },
            new()
            {
                Kind = FaultKind.Throttle,
                Share = 0.02,
                RetryAfter = 1,
            },
            new()
            {
                Kind = FaultKind.Fail,
                Share = 0.05,
                Status = 500,
            },
            new() { Kind = FaultKind.Reset, Share = 0.02 },
            new() { Kind = FaultKind.Malformed, Share = 0.02 },
        ];

    static ReceiptPlan Reports(Uri url) =>
        new()
        {
            Url = url,
            Kinds = [ReportKind.Delivered, ReportKind.Opened],
            Copies = 2,
            Reordered = true,
        };

    static async Task<bool> Confirmed(Arena arena, long deliveries)
    {
        var giveUp = Clock.Now + ReportsArrive;
        while (await arena.Count("SELECT count(*) FROM delivery_overview WHERE status = 'confirmed' OR channel <> 'email'") < deliveries)
        {
            if (Clock.Now > giveUp)
                return false;
            await Task.Delay(TimeSpan.FromMilliseconds(250));
        }

        return true;
    }
}
