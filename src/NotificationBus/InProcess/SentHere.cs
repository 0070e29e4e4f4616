using NotificationBus.Contents;

namespace NotificationBus.InProcess;

/// <summary>The context of a command that is sent in the process of the saga, which is not part of the command.</summary>
/// <param name="Together">How many are sent together, this one included: their results are likely to be there at the same moment.</param>
/// <param name="Content">What it says, when it was planned in this step; null when the record has it.</param>
public sealed record SentHere(int Together, FrozenContent? Content);
