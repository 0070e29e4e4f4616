using NotificationBus.Host.OpenApi;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Host.Http;

/// <summary><c>/v1/providers</c> and <c>/v1/channels</c>: how sending stands, and what operators set while the hosts run.</summary>
static class ProvidersApi
{
    const string Tag = "Sending";

    public static void MapProviders(this IEndpointRouteBuilder routes)
    {
        routes
            .MapRead(
                "/v1/providers",
                (ProviderChains chains, ControlBoard board, TimeProvider clock) =>
                    Results.Ok(
                        new ProviderList([
                            .. chains.All.SelectMany(
                                chain => chain.Accounts,
                                (chain, account) => ProviderStatus.Of(chain, account, board.Current, clock.GetUtcNow())
                            ),
                        ])
                    )
            )
            .Describe("listProviders", Tag, "Lists the provider accounts: switch, circuit, rate, what they complained about.")
            .Answers<ProviderList>()
            .Refuses();
        routes
            .MapPut("/v1/providers/{account}", SetProvider)
            .Describe("setProvider", Tag, "Sets what operators may set of an account while the hosts run.")
            .Takes<SetProvider>()
            .Answers<ProviderControl>()
            .Refuses(404, 413, 415);
        routes
            .MapPut("/v1/providers/{account}/breaker", SetBreaker)
            .Describe("setBreaker", Tag, "Sets when the circuit of an account opens and closes, while the hosts run.")
            .Takes<SetBreaker>()
            .Answers<ProviderControl>()
            .Refuses(404, 413, 415);
        routes
            .MapRead(
                "/v1/channels",
                (ProviderChains chains, ControlBoard board) =>
                    Results.Ok(
                        new ChannelList([.. chains.All.Select(chain => ChannelStatus.Of(chain, board.Current.Channel(chain.Channel.Name)))])
                    )
            )
            .Describe("listChannels", Tag, "Lists the channels: paused, and the order of their accounts.")
            .Answers<ChannelList>()
            .Refuses();
        routes
            .MapPut("/v1/channels/{channel}", SetChannel)
            .Describe("setChannel", Tag, "Pauses or resumes a channel, or sets the order of its accounts.")
            .Takes<SetChannel>()
            .Answers<ChannelControl>()
            .Refuses(404, 413, 415);
        routes
            .MapRead("/v1/changes", Changes)
            .Describe("listChanges", Tag, "Lists what operators and automation have changed, who and why, the newest first.")
            .Asks("limit", "The most on a page, 1 to 200; 50 by default.", typeof(int))
            .Asks("before", "The number before which the page begins; next in the answer before has it.", typeof(long))
            .Asks("who", "The author; automation for what nobody did.")
            .Answers<ChangePage>()
            .Refuses();
    }

    static async Task<IResult> SetProvider(
        string account,
        HttpRequest request,
        ProviderChains chains,
        IControls controls,
        ControlBoard board,
        CancellationToken cancellationToken
    )
    {
        if (Find(account, chains, out var unknown) is not { } chosen)
            return unknown;

        var (body, refusal) = await JsonBody.Read<SetProvider>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        var setting = new ProviderControl
        {
            Switch = errors.ReadWord("switch", body.Switch, ProviderSwitch.On),
            Pin = body.Pin is null ? null : errors.ReadWord("pin", body.Pin, default(CircuitPin)),
            Weight = errors.ReadNumber("weight", body.Weight, 0, 1000),
            PerSecond = errors.ReadNumber("perSecond", body.PerSecond, 0.01, 100_000),
        };
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        // The circuit has a route of its own: whoever switches an account off does not set it back.
        var changed = await controls.ChangeProvider(
            account,
            chosen.Options,
            before => setting with { Breaker = before.Breaker },
            by,
            cancellationToken
        );
        await board.Refresh(cancellationToken);
        return Results.Ok(changed);
    }

    static async Task<IResult> SetBreaker(
        string account,
        HttpRequest request,
        ProviderChains chains,
        IControls controls,
        ControlBoard board,
        CancellationToken cancellationToken
    )
    {
        if (Find(account, chains, out var unknown) is not { } chosen)
            return unknown;

        var (body, refusal) = await JsonBody.Read<SetBreaker>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        var breaker = new BreakerControl
        {
            MinimumCalls = errors.ReadNumber("minimumCalls", body.MinimumCalls, 2, 10_000),
            FailureShare = errors.ReadNumber("failureShare", body.FailureShare, 0.01, 1),
            OpenFor = errors.ReadTime("openFor", body.OpenFor, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            HalfOpenCalls = errors.ReadNumber("halfOpenCalls", body.HalfOpenCalls, 1, 100),
        };
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var changed = await controls.ChangeProvider(
            account,
            chosen.Options,
            before => before with { Breaker = breaker == BreakerControl.Nothing ? null : breaker },
            by,
            cancellationToken
        );
        await board.Refresh(cancellationToken);
        return Results.Ok(changed);
    }

    static ProviderAccount? Find(string account, ProviderChains chains, out IResult unknown)
    {
        var accounts = chains.All.SelectMany(chain => chain.Accounts).DistinctBy(known => known.Name, StringComparer.Ordinal).ToList();
        unknown = Problems.Unknown("provider", account, [.. accounts.Select(known => known.Name)]);
        return accounts.Find(known => known.Name == account);
    }

    static async Task<IResult> SetChannel(
        string channel,
        HttpRequest request,
        ProviderChains chains,
        IControls controls,
        ControlBoard board,
        CancellationToken cancellationToken
    )
    {
        if (chains.All.FirstOrDefault(chain => chain.Channel.Name == channel) is not { } chain)
            return Problems.Unknown("channel", channel, [.. chains.All.Select(known => known.Channel.Name)]);

        var (body, refusal) = await JsonBody.Read<SetChannel>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var by = errors.ReadBy(request, body!.By, body.Why);
        var accounts = chain.Accounts.Select(account => account.Name).ToList();
        if (
            body.Order is { } order
            && (
                order.Count == 0
                || order.Except(accounts, StringComparer.Ordinal).Any()
                || order.Distinct(StringComparer.Ordinal).Count() != order.Count
            )
        )
            errors.Add(
                "order",
                $"must name each account once, at least one of {string.Join(", ", accounts)}; what it leaves out is not used"
            );
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var setting = new ChannelControl { Paused = body.Paused ?? false, Order = body.Order };
        var changed = await controls.ChangeChannel(channel, _ => setting, by, cancellationToken);
        await board.Refresh(cancellationToken);
        return Results.Ok(changed);
    }

    static async Task<IResult> Changes(HttpRequest request, IControls controls, CancellationToken cancellationToken)
    {
        var query = new QueryReader(request.Query);
        var limit = query.Limit();
        var filter = new ChangeFilter { Before = query.Number("before", long.MaxValue, long.MaxValue), Who = query.One("who") };
        if (query.Errors.Count > 0)
            return Problems.Validation(query.Errors);

        // One more than asked for tells whether there is a next page.
        var found = await controls.Changes(filter, limit + 1, cancellationToken);
        var page = found.Take(limit).ToList();
        var who = filter.Who is { } name ? $"&who={Uri.EscapeDataString(name)}" : "";
        return Results.Ok(
            new ChangePage(page, found.Count > page.Count ? $"/v1/changes?limit={limit}&before={page[^1].Number}{who}" : null)
        );
    }
}

/// <summary>The body of <c>PUT /v1/providers/{account}</c>. What is left out is left to configuration and to the circuit breaker.</summary>
public sealed record SetProvider
{
    /// <summary>on (default), drain or off.</summary>
    public string? Switch { get; init; }

    /// <summary>closed or open: holds the circuit there.</summary>
    public string? Pin { get; init; }

    /// <summary>0 to 1000: the account's share of its channel.</summary>
    public int? Weight { get; init; }

    /// <summary>0.01 to 100,000 calls per second, all hosts together.</summary>
    public double? PerSecond { get; init; }

    /// <summary>Name of whoever sets it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>
/// The body of <c>PUT /v1/providers/{account}/breaker</c>. What is left out is left to configuration: with a reason alone, all of it.
/// </summary>
public sealed record SetBreaker
{
    /// <summary>2 to 10,000: the fewest calls within ten seconds that say anything.</summary>
    public int? MinimumCalls { get; init; }

    /// <summary>0.01 to 1: the share of them that must fail.</summary>
    public double? FailureShare { get; init; }

    /// <summary>
    /// 00:00:01 to 01:00:00: the time that no probe is made after the circuit has opened, or a probe has failed. A circuit that is open
    /// keeps its own, unless this one ends sooner.
    /// </summary>
    public string? OpenFor { get; init; }

    /// <summary>1 to 100: the number of probes in a row, one at a time, that close the circuit.</summary>
    public int? HalfOpenCalls { get; init; }

    /// <summary>Name of whoever sets it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>The body of <c>PUT /v1/channels/{channel}</c>. What is left out is left to configuration.</summary>
public sealed record SetChannel
{
    /// <summary>True: nothing is sent on it; what is to be sent waits.</summary>
    public bool? Paused { get; init; }

    /// <summary>The accounts to be tried, in order.</summary>
    public IReadOnlyList<string>? Order { get; init; }

    /// <summary>Name of whoever sets it; for whom, when there is a key.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said.</summary>
    public string? Why { get; init; }
}

/// <summary>The provider accounts.</summary>
public sealed record ProviderList(IReadOnlyList<ProviderStatus> Providers);

/// <summary>The state of a provider account.</summary>
public sealed record ProviderStatus
{
    /// <summary>The account.</summary>
    public required string Account { get; init; }

    /// <summary>The channel it carries.</summary>
    public required string Channel { get; init; }

    /// <summary>on, drain or off: what operators have set.</summary>
    public required ProviderSwitch Switch { get; init; }

    /// <summary>Its share of the channel, when operators have set one.</summary>
    public int? Weight { get; init; }

    /// <summary>The state in which operators hold its circuit.</summary>
    public CircuitPin? Pin { get; init; }

    /// <summary>closed, open, or half-open while probes show whether it works again.</summary>
    public required string Circuit { get; init; }

    /// <summary>Settings of its circuit: when it opens and closes, as set or configured.</summary>
    public required CircuitOptions Breaker { get; init; }

    /// <summary>The settings of its circuit that operators have set; null while configuration decides about all of them.</summary>
    public BreakerControl? BreakerSet { get; init; }

    /// <summary>The configured settings of its circuit, while operators have set others.</summary>
    public CircuitOptions? BreakerConfigured { get; init; }

    /// <summary>True when only a person can mend it.</summary>
    public required bool NeedsAttention { get; init; }

    /// <summary>The time of the circuit's last change.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The reason why it is not called, or was not called last.</summary>
    public string? Reason { get; init; }

    /// <summary>The time until which it wants to be left alone.</summary>
    public DateTimeOffset? PausedUntil { get; init; }

    /// <summary>The most calls per second, as set or configured.</summary>
    public double? PerSecond { get; init; }

    /// <summary>The most calls per second that operators have set; null while configuration decides.</summary>
    public double? PerSecondSet { get; init; }

    /// <summary>The calls per second it seems to allow, learned from its complaints.</summary>
    public double? LearnedPerSecond { get; init; }

    /// <summary>The calls at the same time, as the host that answers has found out.</summary>
    public ConcurrencyStatus Concurrency { get; init; } = new(0, 0, 0);

    /// <summary>Puts together what is known of an account.</summary>
    public static ProviderStatus Of(ProviderChain chain, ProviderAccount account, SendingControls controls, DateTimeOffset now)
    {
        var (control, health) = (controls.Provider(account.Name), controls.HealthOf(account.Name));
        return new ProviderStatus
        {
            Account = account.Name,
            Channel = chain.Channel.Name,
            Switch = control.Switch,
            Weight = control.Weight,
            Pin = control.Pin,
            Circuit =
                control.Pin is { } pin ? (pin == CircuitPin.Open ? "open" : "closed")
                : !health.CircuitOpen ? "closed"
                : health.OpenUntil > now ? "open"
                : "half-open",
            Breaker = control.BreakerOver(account.Options.Circuit),
            BreakerSet = control.Breaker,
            BreakerConfigured = control.Breaker is null ? null : account.Options.Circuit,
            NeedsAttention = health.NeedsAttention,
            Since = health.Since,
            Reason = health.Reason,
            PausedUntil = health.PausedUntil > now ? health.PausedUntil : null,
            PerSecond = control.PerSecond ?? account.Options.PerSecond,
            PerSecondSet = control.PerSecond,
            LearnedPerSecond = health.LearnedPerSecond,
            Concurrency = new ConcurrencyStatus(account.Permits.Used, account.Permits.Limit, account.Waiting),
        };
    }
}

/// <summary>The calls of one host to an account at the same time.</summary>
/// <param name="InUse">The calls that are under way.</param>
/// <param name="Limit">
/// The most there are now: between <c>Channels:{channel}:Concurrency:Min</c> and <c>Max</c>, as the account bears it.
/// </param>
/// <param name="Waiting">The deliveries that wait for one to end.</param>
public sealed record ConcurrencyStatus(int InUse, int Limit, int Waiting);

/// <summary>The channels.</summary>
public sealed record ChannelList(IReadOnlyList<ChannelStatus> Channels);

/// <summary>The state of a channel.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Paused">True while nothing is sent on it.</param>
/// <param name="Providers">The accounts that are tried, in order.</param>
/// <param name="Configured">The accounts that are configured, in order.</param>
/// <param name="Routes">
/// The other accounts of some deliveries, as configured; of these too, only what <paramref name="Providers"/> names is tried once operators
/// have set an order.
/// </param>
public sealed record ChannelStatus(
    string Channel,
    bool Paused,
    IReadOnlyList<string> Providers,
    IReadOnlyList<string> Configured,
    IReadOnlyList<ChannelRoute> Routes
)
{
    /// <summary>Puts together what is known of a channel.</summary>
    public static ChannelStatus Of(ProviderChain chain, ChannelControl control)
    {
        var configured = chain.Routes.Providers;
        return new ChannelStatus(chain.Channel.Name, control.Paused, control.Order ?? configured, configured, chain.Routes.Routes);
    }
}

/// <summary>One page of what operators and automation have changed.</summary>
/// <param name="Changes">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record ChangePage(IReadOnlyList<ControlChange> Changes, string? Next);
