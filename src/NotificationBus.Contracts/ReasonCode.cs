namespace NotificationBus.Contracts;

/// <summary>
/// The reasons why a delivery was planned, waits or was not sent, in one word each. A word keeps its meaning; newer versions may add
/// others, so that a reader has to expect one it does not know. What an operator can do about each stands in <c>docs/api.md</c>.
/// </summary>
public static class ReasonCode
{
    /// <summary>Planner: the channel is used.</summary>
    public const string Planned = "planned";

    /// <summary>Intake: something that only decorates could not be used and was cut or left out.</summary>
    public const string Trimmed = "trimmed";

    /// <summary>Planner: the category has no channel, or asks for one that does not exist.</summary>
    public const string NoChannel = "no-channel";

    /// <summary>Planner: an operator has switched the event type off.</summary>
    public const string EventTypeOff = "event-type-off";

    /// <summary>Planner: the recipient has no address on the channel.</summary>
    public const string NoAddress = "no-address";

    /// <summary>Planner: the address is none that the channel or its providers could use.</summary>
    public const string AddressRefused = "address-refused";

    /// <summary>Planner or sender: the text is missing, or lacks a variable.</summary>
    public const string NoText = "no-text";

    /// <summary>Sender: a file that is to be attached cannot be fetched, or is none that may be attached.</summary>
    public const string NoAttachment = "no-attachment";

    /// <summary>Sender: the files of an e-mail were fetched, and go with it.</summary>
    public const string Attached = "attached";

    /// <summary>Sender: as many files are fetched or held at the moment as may be.</summary>
    public const string AttachmentLimit = "attachment-limit";

    /// <summary>Planner: no provider of the channel takes what is said in this form.</summary>
    public const string Unfit = "unfit";

    /// <summary>Planner: it is to be sent later.</summary>
    public const string Scheduled = "scheduled";

    /// <summary>Sender: a route of the channel chooses the accounts.</summary>
    public const string Routed = "routed";

    /// <summary>Sender: no account that the delivery may use serves such an address.</summary>
    public const string NoRoute = "no-route";

    /// <summary>Sender: the address is suppressed.</summary>
    public const string Suppressed = "suppressed";

    /// <summary>Sender: the channel is not sent to the country of the address.</summary>
    public const string CountryBlocked = "country-blocked";

    /// <summary>Sender: the country of the address is watched; it is sent to all the same.</summary>
    public const string CountryMonitored = "country-monitored";

    /// <summary>Sender: the address has been sent as many today as a day may have.</summary>
    public const string AddressDayLimit = "address-day-limit";

    /// <summary>Sender: the channel has cost today what a day may cost.</summary>
    public const string SpendLimit = "spend-limit";

    /// <summary>Sender: an operator has paused the channel.</summary>
    public const string ChannelPaused = "channel-paused";

    /// <summary>Sender: an operator has switched the account off, or taken it out of the order of its channel.</summary>
    public const string ProviderOff = "provider-off";

    /// <summary>Sender: an operator holds the circuit of the account open.</summary>
    public const string CircuitHeldOpen = "circuit-held-open";

    /// <summary>Sender: the circuit of the account is open, or being probed.</summary>
    public const string CircuitOpen = "circuit-open";

    /// <summary>Sender: the provider has asked to be left alone for a while.</summary>
    public const string LeftAlone = "left-alone";

    /// <summary>Sender: the rate of the account is limited, and the delivery's turn is later.</summary>
    public const string Paced = "paced";

    /// <summary>Sender: much is sent to the address, and the delivery's turn is later.</summary>
    public const string AddressLimit = "address-limit";

    /// <summary>Sender: another worker is at it, or was and has not said how it came out.</summary>
    public const string InProgress = "in-progress";

    /// <summary>Sender: nobody knows whether it was sent.</summary>
    public const string InDoubt = "in-doubt";

    /// <summary>Sender: the provider that was asked last did not work.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>Sender: the provider that was asked last is called too often.</summary>
    public const string Throttled = "throttled";

    /// <summary>Sender: the provider that was asked last does not accept the account.</summary>
    public const string Misconfigured = "misconfigured";

    /// <summary>Sender: a provider refused it for good.</summary>
    public const string Rejected = "rejected";

    /// <summary>Sender: every provider refused it in this form.</summary>
    public const string Declined = "declined";

    /// <summary>Sender: it was not sent while it was of use.</summary>
    public const string Expired = "expired";

    /// <summary>Sender: the worker failed in a way nobody planned.</summary>
    public const string WorkerFailed = "worker-failed";

    /// <summary>Operator: it was cancelled.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>Operator or service: its business key was withdrawn, because what it says is settled.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>Operator: it was in doubt, and was decided not to have been sent.</summary>
    public const string DecidedFailed = "decided-failed";

    /// <summary>Receipt: it came back.</summary>
    public const string Bounced = "bounced";

    /// <summary>Saga: another step has reached the recipient.</summary>
    public const string NotNeeded = "not-needed";

    /// <summary>Of a notification: nobody could be reached, because there is no address, or only suppressed ones.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>Of a notification: its deliveries have different reasons.</summary>
    public const string Several = "several";

    /// <summary>A version that recorded no reasons in one word has decided it.</summary>
    public const string NotRecorded = "not-recorded";
}
