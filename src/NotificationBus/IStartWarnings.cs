namespace NotificationBus;

/// <summary>
/// Finds what works and is not as it should be, such as a password that everybody knows. Register as many as there are places to look at;
/// the host asks each once, when it has started, and logs what it says.
/// </summary>
public interface IStartWarnings
{
    /// <summary>A sentence for each: what it is, and the setting or the command that mends it; never a secret.</summary>
    /// <param name="isProduction">False in Development, where what is only unsafe is nobody's trouble.</param>
    /// <param name="cancellationToken">The host stops.</param>
    Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken);
}
