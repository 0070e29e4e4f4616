using NotificationBus.Intake;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Remembers what policies of the operator do to queues. While one loses messages nothing is taken over HTTP.</summary>
sealed partial class PolicyWatch(PolicyCheck policies, IntakeGate intake, ILogger<PolicyWatch> log)
{
    // Six looks. By then the plug-in may be gone for good, and nobody could open the gate again.
    const int LongestMemory = 6;

    volatile IReadOnlyDictionary<string, string> _harmful = new Dictionary<string, string>(StringComparer.Ordinal);
    int _withoutAnswer;

    /// <summary>The harm that is done, a sentence for each queue that loses messages.</summary>
    public IReadOnlyDictionary<string, string> Harm => _harmful;

    /// <summary>The reason why nobody can tell what policies do; null when somebody can.</summary>
    public string? Unknown => policies.Unknown;

    /// <summary>Looks once.</summary>
    public async Task Look(CancellationToken cancellationToken) => Learn(await policies.Find(cancellationToken));

    /// <summary>
    /// Takes in what policies do. When the broker answers and nobody tells of them any more, what is known holds for six looks.
    /// </summary>
    internal void Learn(IReadOnlyDictionary<string, string>? harmful)
    {
        _withoutAnswer = harmful is null ? _withoutAnswer + 1 : 0;
        if (harmful is null && _withoutAnswer == LongestMemory && _harmful.Count > 0)
        {
            Forgets(string.Join(", ", _harmful.Keys));
            harmful = new Dictionary<string, string>(StringComparer.Ordinal);
        }

        _harmful = harmful ?? _harmful;
        if (_harmful.Count > 0)
            intake.Close($"{_harmful.Values.First()} ({_harmful.Count} queues)");
        else
            intake.Open();
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The broker answers, and its management plug-in does not: that a policy loses messages of {Queues} is forgotten, "
            + "and the API takes everything again"
    )]
    partial void Forgets(string queues);
}
