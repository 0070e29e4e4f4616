namespace NotificationBus.Model;

/// <summary>A template filled for one delivery: what the provider sends. Each channel has its own form.</summary>
public abstract record Content
{
    /// <summary>The texts that the recipient is told. No log and no reason repeats them, whoever repeats them to us.</summary>
    public virtual IEnumerable<string> Texts => [];
}
