using System.Text.Json.Serialization;

namespace NotificationBus.Chaos;

/// <summary>One line of the table, and one object of artifacts/chaos.json.</summary>
sealed record Figures(
    string Situation,
    int Accepted,
    int Sent,
    int Lost,
    int Unexpected,
    int Recovered,
    int Duplicates,
    int UnexplainedDuplicates,
    int Stuck,
    long Strays,
    long Unreconciled,
    int Kills,
    double Seconds,
    bool Passed
)
{
    /// <summary>Why it did not pass, and whatever else the reader should know.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Remarks { get; init; } = [];
}
