using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard;

/// <summary>What is wrong, in a sentence, and where it is mended.</summary>
static class ProblemWords
{
    /// <summary>Says it.</summary>
    public static ProblemText Of(Problem problem)
    {
        var where = problem.Where ?? "";
        return problem.Code switch
        {
            "not-ready" => new($"This host is not ready: {where}", Tone.Bad, "See its checks", "/health/ready"),
            "channel-paused" => new($"{Words.Channel(where)} is paused", Tone.Warn, "Resume it", $"/providers#{where}") { Pause = where },
            "provider-off" => new($"{where} is switched off by an operator", Tone.Warn, "Switch it on", $"/providers#account-{where}")
            {
                Account = where,
            },
            "provider-needs-attention" => new($"{where} needs mending", Tone.Bad, "See the account", $"/providers#account-{where}"),
            "circuit-open" => new($"{where} is not called for a while", Tone.Bad, "See the account", $"/providers#account-{where}"),
            "notifications-held" => new("Deliveries wait for a decision", Tone.Warn, "Decide", "/decisions"),
            "failed-messages" => new("Messages were set aside", Tone.Bad, "See them by cause", "/failures"),
            "notifications-unreconciled" => new(
                "Something was accepted and is not on record",
                Tone.Bad,
                "See the ledger",
                "/overview#ledger"
            ),
            "queue-without-consumers" => new($"Nobody listens on the queue {where}", Tone.Bad, "See its checks", "/health/ready"),
            "policy-loses-messages" => new($"A policy lets RabbitMQ drop messages of {where}", Tone.Bad, "See its checks", "/health/ready"),
            "declaration-refused" => new($"RabbitMQ refused {where}", Tone.Bad, "See its checks", "/health/ready"),
            "policies-unknown" => new("Nobody can tell whether a policy drops messages", Tone.Warn, "See its checks", "/health/ready"),
            "unknown" => new($"This could not be looked at: {where}", Tone.Warn, "See its checks", "/health/ready"),
            _ => new(where.Length > 0 ? $"{Words.Plain(problem.Code)}: {where}" : Words.Plain(problem.Code), Tone.Warn, null, null),
        };
    }

    /// <summary>The details of a problem, without the calls of the API that a page stands for.</summary>
    public static string Detail(Problem problem)
    {
        var detail = problem.Detail;
        if (detail.IndexOf("; GET /v1/", StringComparison.Ordinal) is >= 0 and var get)
            detail = detail[..get];
        if (detail.IndexOf("; POST /v1/", StringComparison.Ordinal) is >= 0 and var post)
            detail = detail[..post];
        return detail.Length == 0 ? "" : $"{char.ToUpperInvariant(detail[0])}{detail[1..].TrimEnd('.')}.";
    }
}

/// <summary>What is wrong, in words.</summary>
/// <param name="Title">The sentence.</param>
/// <param name="Tone">How bad it is.</param>
/// <param name="Help">What helps; null when nothing here does.</param>
/// <param name="Address">Where it is.</param>
sealed record ProblemText(string Title, Tone Tone, string? Help, string? Address)
{
    /// <summary>The channel that can be resumed at once.</summary>
    public string? Pause { get; init; }

    /// <summary>The account that can be switched on at once.</summary>
    public string? Account { get; init; }
}
