using System.Text.Json;

namespace NotificationBus.Contracts;

/// <summary>The general event: tell one recipient something, without an event type of its own.</summary>
public sealed record NotificationRequested
{
    /// <summary>
    /// The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless; without it the message id takes
    /// its place.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The category, whose templates and rules apply, for instance <c>announcement</c>.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient, who is told.</summary>
    public required Contact Recipient { get; init; }

    /// <summary>The values the templates of the category need, as a JSON object.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>
    /// What the recipient is told, instead of what the templates of the category say: by channel, and there by part. An e-mail has
    /// <c>subject</c> (500 characters), <c>text</c> (20,000) and <c>html</c> (200,000), which is made of the text when it is left out; a
    /// push message <c>title</c> (200) and <c>body</c> (4,000); a text message (1,600) and a chat message (4,000) have <c>text</c>. A
    /// channel for which nothing is given is left out, and one that sends data sends <see cref="Data"/>. Texts are sent as they are, also
    /// the HTML, in which whatever comes from others must be escaped already.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Content { get; init; }

    /// <summary>What the e-mail carries besides its text: where answers go, copies, files.</summary>
    public EmailExtras? Email { get; init; }

    /// <summary>What the push message carries besides its text: the place that opens, a picture, values for the app.</summary>
    public PushExtras? Push { get; init; }

    /// <summary>Channels for this notification instead of those configured for the category, in order.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>
    /// The business keys by which it is found, such as <c>{"order":"4711"}</c>; nobody is told them. At most four. A name is 1 to 50
    /// letters of ASCII, digits, <c>-</c> or <c>_</c>, and begins with a letter. A value is 1 to 200 characters without control characters.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Keys { get; init; }

    /// <summary>
    /// Words of yours that are given back with everything that is told of it, such as <c>{"campaign":"spring"}</c>; no provider is sent
    /// them. At most 20. A name is 1 to 50 letters of ASCII, digits, <c>-</c> or <c>_</c>, and begins with a letter. A value is 1 to
    /// 200 characters without control characters.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// The time to send it, at most 366 days from now: with an offset from UTC (<c>2026-12-24T18:00:00+07:00</c>), or as a wall time with
    /// <see cref="TimeZone"/>. One that is past is sent at once, and the answer says so. By default it is sent at once.
    /// </summary>
    public string? SendAt { get; init; }

    /// <summary>
    /// The time zone of a wall time in <see cref="SendAt"/>, by its IANA name (<c>Asia/Bangkok</c>). A wall time that the clocks pass
    /// over is the first moment after; of one that comes twice, the first is meant.
    /// </summary>
    public string? TimeZone { get; init; }

    /// <summary>
    /// The time to wait before it is sent, instead of <see cref="SendAt"/>: a duration of ISO 8601 in days, hours, minutes and seconds,
    /// such as <c>PT2H</c>; at most 366 days. It counts from when the event is taken.
    /// </summary>
    public string? Delay { get; init; }

    /// <summary>
    /// The time, with its offset from UTC, from which it is of no use: what could not be sent by then is marked expired. By default the
    /// lifetime of its category, which counts from when it is to be sent.
    /// </summary>
    public string? ExpiresAt { get; init; }
}
