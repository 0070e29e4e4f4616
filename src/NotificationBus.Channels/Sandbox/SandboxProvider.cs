using NotificationBus.Providers;

namespace NotificationBus.Channels.Sandbox;

/// <summary>Accepts the deliveries of a channel and shows them at <c>/inbox</c> instead of sending them.</summary>
public sealed class SandboxProvider(
    string name,
    string channel,
    SandboxOptions options,
    SandboxInbox inbox,
    TimeProvider clock,
    Random chance
) : IProvider
{
    /// <summary>The type's word in configuration. Every channel has a sandbox, so the account is shared by all of them.</summary>
    public const string Type = "sandbox";

    /// <inheritdoc />
    public string Name => name;

    /// <inheritdoc />
    public string Channel => channel;

    /// <inheritdoc />
    public async Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        if (options.Latency > TimeSpan.Zero)
            await Task.Delay(options.Latency, clock, cancellationToken);
        if (options.FailureShare > 0 && chance.NextDouble() < options.FailureShare)
            return new ProviderResult.Unavailable("the sandbox fails as often as FailureShare says");

        var caught = inbox.Catch(delivery);
        return new ProviderResult.Accepted($"sandbox-{caught.Number}");
    }
}
