using System.Globalization;
using MudBlazor;

namespace NotificationBus.Dashboard;

/// <summary>Words, signs and tones for what the API spells as a code: no code is shown where a word would do.</summary>
static class Words
{
    static readonly CultureInfo English = CultureInfo.InvariantCulture;

    /// <summary>How a notification, a delivery or a call stands.</summary>
    public static Sign Status(string status) =>
        status switch
        {
            "delivered" => new("Delivered", Tone.Good, Icons.Material.Rounded.CheckCircle),
            "partly-delivered" => new("Partly delivered", Tone.Warn, Icons.Material.Rounded.RuleFolder),
            "sent" => new("Sent", Tone.Good, Icons.Material.Rounded.Check),
            "confirmed" => new("Confirmed", Tone.Good, Icons.Material.Rounded.DoneAll),
            "accepted" => new("Taken", Tone.Good, Icons.Material.Rounded.Check),
            "sending" => new("On its way", Tone.Info, Icons.Material.Rounded.Send),
            "started" => new("Being called", Tone.Info, Icons.Material.Rounded.Sync),
            "waiting" => new("Waiting", Tone.Quiet, Icons.Material.Rounded.HourglassTop),
            "held" => new("Needs a decision", Tone.Warn, Icons.Material.Rounded.PanTool),
            "in-doubt" => new("In doubt", Tone.Warn, Icons.Material.Rounded.QuestionMark),
            "repeatable" => new("In doubt, may be repeated", Tone.Warn, Icons.Material.Rounded.QuestionMark),
            "failed" => new("Failed", Tone.Bad, Icons.Material.Rounded.Cancel),
            "rejected" => new("Refused", Tone.Bad, Icons.Material.Rounded.Cancel),
            "declined" => new("Refused in this form", Tone.Bad, Icons.Material.Rounded.Block),
            "unavailable" => new("Did not answer", Tone.Bad, Icons.Material.Rounded.CloudOff),
            "throttled" => new("Too many calls", Tone.Warn, Icons.Material.Rounded.Speed),
            "misconfigured" => new("Account refused", Tone.Bad, Icons.Material.Rounded.KeyOff),
            "expired" => new("Expired", Tone.Bad, Icons.Material.Rounded.TimerOff),
            "cancelled" => new("Cancelled", Tone.Quiet, Icons.Material.Rounded.RemoveCircle),
            "not-needed" => new("Not needed", Tone.Quiet, Icons.Material.Rounded.Remove),
            "planned" => new("Planned", Tone.Info, Icons.Material.Rounded.Checklist),
            "running" => new("Running", Tone.Info, Icons.Material.Rounded.Sync),
            "paused" => new("Paused", Tone.Warn, Icons.Material.Rounded.Pause),
            "stopped" => new("Stopped", Tone.Bad, Icons.Material.Rounded.Stop),
            "done" => new("Done", Tone.Good, Icons.Material.Rounded.CheckCircle),
            "replayed" => new("Put back", Tone.Good, Icons.Material.Rounded.Replay),
            "archived" => new("Put away", Tone.Quiet, Icons.Material.Rounded.Archive),
            _ => new(Plain(status), Tone.Quiet, Icons.Material.Rounded.Circle),
        };

    /// <summary>How an account stands.</summary>
    public static Sign Account(Api.ProviderAccount account) =>
        account switch
        {
            { Switch: "off" } => new("Switched off", Tone.Bad, Icons.Material.Rounded.PowerOff),
            { Switch: "drain" } => new("Finishing what it has", Tone.Warn, Icons.Material.Rounded.Output),
            { Pin: "open" } => new("Held open by an operator", Tone.Bad, Icons.Material.Rounded.PushPin),
            { NeedsAttention: true } => new("Needs mending", Tone.Bad, Icons.Material.Rounded.Build),
            { Circuit: "open" } => new("Not called for a while", Tone.Bad, Icons.Material.Rounded.PowerSettingsNew),
            { Circuit: "half-open" } => new("Being tried again", Tone.Warn, Icons.Material.Rounded.Sync),
            { PausedUntil: not null } => new("Asked to be left alone", Tone.Warn, Icons.Material.Rounded.Snooze),
            { Pin: "closed" } => new("Held on by an operator", Tone.Warn, Icons.Material.Rounded.PushPin),
            _ => new("Working", Tone.Good, Icons.Material.Rounded.CheckCircle),
        };

    /// <summary>A channel's name.</summary>
    public static string Channel(string channel) =>
        channel switch
        {
            "email" => "E-mail",
            "sms" => "Text message",
            "push" => "Push",
            "chat" => "Chat",
            "webhook" => "Webhook",
            _ => Plain(channel),
        };

    /// <summary>A channel's picture.</summary>
    public static string ChannelIcon(string channel) =>
        channel switch
        {
            "email" => Icons.Material.Rounded.Mail,
            "sms" => Icons.Material.Rounded.Sms,
            "push" => Icons.Material.Rounded.PhoneIphone,
            "chat" => Icons.Material.Rounded.Forum,
            "webhook" => Icons.Material.Rounded.Webhook,
            _ => Icons.Material.Rounded.Outbox,
        };

    /// <summary>A message set aside: what kind of trouble it is.</summary>
    public static string Kind(string kind) =>
        kind switch
        {
            "cannot-be-read" => "Cannot be read",
            "nobody-takes-it" => "Nobody takes it",
            "failed" => "Failed in a way nobody planned",
            "dead-lettered" => "Given up by the broker",
            _ => Plain(kind),
        };

    /// <summary>A code in words: <c>order-placed</c> is Order placed.</summary>
    public static string Plain(string code) =>
        code.Length == 0 ? code : string.Concat(char.ToUpperInvariant(code[0]).ToString(), code.AsSpan(1).ToString().Replace('-', ' '));

    /// <summary>The saga's state, or a message's name, in words: <c>DeliverySent</c> is Delivery sent.</summary>
    public static string Spaced(string name)
    {
        var text = new System.Text.StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (text.Length > 0 && char.IsUpper(letter))
                text.Append(' ').Append(char.ToLowerInvariant(letter));
            else
                text.Append(letter == '-' ? ' ' : letter);
        }

        return text.ToString();
    }

    /// <summary>The holder of a key, in short: <c>key shop/0123456789abcdef</c> is shop · 01234567.</summary>
    public static string Holder(string? name)
    {
        if (name is null || !name.StartsWith("key ", StringComparison.Ordinal))
            return name ?? "";

        var parts = name[4..].Split('/');
        return parts.Length == 2 ? $"{parts[0]} · {parts[1][..Math.Min(8, parts[1].Length)]}" : name[4..];
    }

    /// <summary>A number for people.</summary>
    public static string Number(long number) => number.ToString("N0", English);

    /// <summary>How many of something.</summary>
    public static string Count(long number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    /// <summary>How long something took.</summary>
    public static string Span(TimeSpan span) =>
        span.TotalMilliseconds < 1 ? "under 1 ms"
        : span.TotalSeconds < 1 ? span.TotalMilliseconds.ToString("0", English) + " ms"
        : span.TotalMinutes < 1 ? span.TotalSeconds.ToString("0.#", English) + " s"
        : span.TotalHours < 1 ? $"{(int)span.TotalMinutes} min {span.Seconds} s"
        : span.TotalDays < 1 ? $"{(int)span.TotalHours} h {span.Minutes} min"
        : $"{(int)span.TotalDays} d {span.Hours} h";

    /// <summary>A time as it stands in addresses and queries.</summary>
    public static string Exact(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", English);

    /// <summary>A time for people, by UTC.</summary>
    public static string Utc(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", English) + " UTC";
}

/// <summary>A state in a word, a picture and a tone.</summary>
/// <param name="Word">The word.</param>
/// <param name="Tone">The tone.</param>
/// <param name="Icon">The picture.</param>
public sealed record Sign(string Word, Tone Tone, string Icon);

/// <summary>The tone of a state. Its colour never says anything alone.</summary>
public enum Tone
{
    /// <summary>Nothing to do.</summary>
    Quiet,

    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Under way.</summary>
    Info,

    /// <summary>Somebody should look.</summary>
    Warn,

    /// <summary>Not as it should be.</summary>
    Bad,
}
