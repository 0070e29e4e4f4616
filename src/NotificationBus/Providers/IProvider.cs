namespace NotificationBus.Providers;

/// <summary>
/// A vendor or server that carries one channel. What it may normally answer comes back as a <see cref="ProviderResult"/>;
/// an exception is for what nobody planned, and the chain treats it as in doubt.
/// </summary>
public interface IProvider
{
    /// <summary>The word that names it in configuration, in the attempts and in answers of the API, such as <c>smtp</c>.</summary>
    string Name { get; }

    /// <summary>The channel it carries.</summary>
    string Channel { get; }

    /// <summary>
    /// The longest one call may take. The claim on the delivery lasts a little longer, so that nobody repeats a call that is still running.
    /// </summary>
    TimeSpan LongestCall => TimeSpan.FromSeconds(15);

    /// <summary>
    /// The most calls that one host makes at the same time, such as the connections to a server. Further deliveries wait before they are
    /// claimed.
    /// </summary>
    int MostConcurrentCalls => int.MaxValue;

    /// <summary>
    /// The time that the provider itself does nothing twice under a delivery's id, counted from the first call, whatever it answered. So
    /// long what is in doubt is asked of it again, and of nobody else, also where the category leaves it to an operator; a minute and
    /// <see cref="LongestCall"/> before it ends that is over. Null when it knows no repetition.
    /// </summary>
    TimeSpan? KnowsRepetitionFor => null;

    /// <summary>
    /// False when this provider can never carry the delivery, whatever its state: a chat provider serves one service of many. It is left
    /// out of the delivery's order, and nothing is recorded of it.
    /// </summary>
    bool Serves(Delivery delivery) => true;

    /// <summary>
    /// Foresees why this provider will never take the delivery: an address it may not call, a text it has no room for. Null when it may.
    /// Nothing is called, and whoever asked for the notification can still be told.
    /// </summary>
    Unfit? Foresee(Delivery delivery) => null;

    /// <summary>Makes one call. It does not retry; it gives up when <paramref name="cancellationToken"/> says so.</summary>
    Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken);
}
