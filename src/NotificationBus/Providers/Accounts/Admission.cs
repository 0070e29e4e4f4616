using NotificationBus.Contracts;

namespace NotificationBus.Providers.Accounts;

/// <summary>The admission to an account: whether it may be called now.</summary>
abstract record Admission
{
    Admission() { }

    /// <summary>One call may be made; dispose of it afterwards.</summary>
    public sealed record Granted(ProviderAccount Account, bool IsProbe, IDisposable Place) : Admission, IDisposable
    {
        /// <summary>Makes the call.</summary>
        public Task<ProviderResult> Call(Func<Task<ProviderResult>> call) => Account.Call(this, call);

        /// <summary>Says that the call is not made after all.</summary>
        public Task NotMade() => Account.NotMade(this);

        public void Dispose() => Place.Dispose();
    }

    /// <summary>Not this account now; another one may do.</summary>
    /// <param name="Reason">For an operator to read.</param>
    /// <param name="For">How long that lasts at least; null when nobody knows.</param>
    /// <param name="Code">The reason in one word: see <see cref="ReasonCode"/>.</param>
    /// <param name="IsShut">
    /// True when it is shut for all: whoever waits for it is woken when it is opened, by a probe that passed or by an operator.
    /// </param>
    public sealed record Refused(string Reason, TimeSpan? For, string Code, bool IsShut = false) : Admission;

    /// <summary>The account is the right one, but its turn is later.</summary>
    public sealed record Paced(SendSlot Slot, TimeSpan Wait) : Admission;
}
