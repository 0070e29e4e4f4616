using NotificationBus.Sending;

namespace NotificationBus.Channels.Sandbox;

/// <summary>Accepts every delivery of a channel and shows it at <c>/inbox</c> instead of sending it.</summary>
public sealed class SandboxProvider(string name, string channel, SandboxInbox inbox) : IProvider
{
    /// <summary>The type's word in configuration. Every channel has a sandbox, so the account is shared by all of them.</summary>
    public const string Type = "sandbox";

    /// <inheritdoc />
    public string Name => name;

    /// <inheritdoc />
    public string Channel => channel;

    /// <inheritdoc />
    public Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        var caught = inbox.Catch(delivery);
        return Task.FromResult<ProviderResult>(new ProviderResult.Accepted($"sandbox-{caught.Number}"));
    }
}
