namespace NotificationBus.Model;

/// <summary>A template filled for one delivery: what the provider sends. Each channel has its own form.</summary>
public abstract record Content
{
    /// <summary>What the recipient is told, in words. No log and no reason repeats it, whoever repeats it to us.</summary>
    public virtual IEnumerable<string> Texts => [];
}
