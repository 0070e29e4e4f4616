using System.Net;

namespace NotificationBus.Chaos.Situations;

/// <summary>A6: what a policy would throw away is not taken any more as soon as the hosts know, and is when it is cleared.</summary>
sealed class OperatorPolicy : Situation
{
    const int PerSecond = 50;

    // Of a policy, and of one that is cleared, the management plug-in tells some seconds late, and hosts look every ten.
    static readonly TimeSpan LongestUnknown = TimeSpan.FromSeconds(60);

    static readonly IReadOnlyList<(string Pattern, string Definition, string Said)> s_policies =
    [
        (".*", "[{<<\"max-length\">>, 5}]", "queue 'notifications' max-length 5"),
        ("^notifications$", "[{<<\"message-ttl\">>, 1000}]", "queue 'notifications' message-ttl 1000"),
    ];

    readonly List<string> _broken = [];
    readonly List<TimeSpan> _unknown = [];
    HttpProducer? _producer;

    public override string Name => "operator-policy";

    public override string What =>
        "an operator sets policies that throw messages away (max-length, message-ttl) while hosts run, and clears them; "
        + "meanwhile the workers are stopped";

    public override Dose Full => new(3_000, TimeSpan.FromSeconds(15));

    public override bool HasManagement => true;

    public override async Task Happen(Arena arena, Dose dose)
    {
        var management = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["RabbitMq:ManagementUrl"] = $"{arena.Broker.ManagementUrl}",
        };
        var api = await arena.Start("api", management);
        var worker = await arena.Start("worker", management);
        _producer = new HttpProducer(() => api.Client, arena.Requests);
        var posting = _producer.Post(Shipments(Name, dose.Count), PerSecond);
        foreach (var (pattern, definition, said) in s_policies)
        {
            await Task.Delay(dose.Every / 3);
            await arena.Broker.SetPolicy(arena.VirtualHost, "limit", pattern, definition);
            var set = Clock.Now;
            foreach (var host in (HostSlot[])[api, worker])
            {
                await Until(HttpStatusCode.ServiceUnavailable, host);
                if (!(await Text(host, "/health/ready")).Contains(said, StringComparison.Ordinal))
                    _broken.Add($"/health/ready does not say {said}");
            }

            _unknown.Add(Clock.Now - set);
            if (!(await Text(api, "/v1/status")).Contains("policy-loses-messages", StringComparison.Ordinal))
                _broken.Add("GET /v1/status does not name the policy");
            // What was taken before is done; from here on nobody would be quick enough to take a message out of the queue again.
            await arena.Settle(TimeSpan.FromSeconds(5));
            await worker.Terminate();
            var taken = arena.Requests.Accepted.Count;
            await Task.Delay(dose.Every);
            if (arena.Requests.Accepted.Count > taken)
                _broken.Add($"{arena.Requests.Accepted.Count - taken} were taken though {said} would have thrown them away");

            await arena.Broker.ClearPolicy(arena.VirtualHost, "limit");
            await Until(HttpStatusCode.OK, api);
            await worker.Start();
        }

        await posting;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. _broken,
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
            .. When(audit.Accepted < arena.Requests.Asked.Count, $"{arena.Requests.Asked.Count - audit.Accepted} were never taken"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [
            $"all hosts knew after {string.Join(" and ", _unknown.Select(time => $"{time.TotalSeconds:0}"))} s",
            .. _producer!.Statuses.Select(status => $"{status.Value} x {status.Key}"),
        ];

    static async Task Until(HttpStatusCode wanted, HostSlot host)
    {
        using var limit = new CancellationTokenSource(LongestUnknown);
        while (true)
        {
            using var answer = await host.Client.GetAsync(new Uri("/health/ready", UriKind.Relative), limit.Token);
            if (answer.StatusCode == wanted)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(250), limit.Token);
        }
    }

    static async Task<string> Text(HostSlot host, string path)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        return await answer.Content.ReadAsStringAsync();
    }
}
