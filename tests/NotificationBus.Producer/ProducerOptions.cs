namespace NotificationBus.Producer;

/// <summary>What the command line asks for.</summary>
sealed record ProducerOptions
{
    public const string Usage =
        "usage: NotificationBus.Producer --broker amqp://user:password@host:port/vhost [--count 1000] [--same-event | --same-message]";

    public required Uri Broker { get; init; }

    /// <summary>How many of each event, or how many times the same one.</summary>
    public int Count { get; init; } = 1_000;

    public Repetition Repetition { get; init; }

    /// <summary>Reads the command line; null when it cannot be understood.</summary>
    public static ProducerOptions? Read(IReadOnlyList<string> arguments)
    {
        Uri? broker = null;
        var count = 1_000;
        var repetition = Repetition.None;
        for (var i = 0; i < arguments.Count; i++)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--broker" when Uri.TryCreate(value, UriKind.Absolute, out broker):
                case "--count" when int.TryParse(value, out count) && count > 0:
                    i++;
                    break;
                case "--same-event":
                    repetition = Repetition.SameEvent;
                    break;
                case "--same-message":
                    repetition = Repetition.SameMessage;
                    break;
                default:
                    return null;
            }
        }

        return broker is null
            ? null
            : new ProducerOptions
            {
                Broker = broker,
                Count = count,
                Repetition = repetition,
            };
    }
}

/// <summary>What stays the same from one published message to the next.</summary>
enum Repetition
{
    /// <summary>Nothing: every event is another one.</summary>
    None,

    /// <summary>The event's id; each publish is a new message, as from a producer that tries again.</summary>
    SameEvent,

    /// <summary>The message's id too, as from a broker or a client library that tries again.</summary>
    SameMessage,
}
