namespace NotificationBus.Failures;

/// <summary>What is written on a message that is set aside, for whoever records it and for whoever looks into the queue before.</summary>
static class FailureHeaders
{
    public const string Prefix = "NB-";

    public const string FailureId = "NB-Failure-Id";
    public const string Queue = "NB-Failure-Queue";
    public const string Kind = "NB-Failure-Kind";
    public const string Cause = "NB-Failure-Cause";
    public const string ExceptionType = "NB-Failure-ExceptionType";
    public const string Reason = "NB-Failure-Reason";

    /// <summary>On a message that is replayed: the record it comes from.</summary>
    public const string ReplayOf = "NB-Replay-Of";
}
