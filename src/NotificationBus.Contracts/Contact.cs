namespace NotificationBus.Contracts;

/// <summary>A person as an event names them: who they are and where each channel reaches them.</summary>
public sealed record Contact
{
    /// <summary>The person's id in the publishing system, at most 200 characters. Part of the notification's identity.</summary>
    public required string Id { get; init; }

    /// <summary>The name templates greet the person by. Templates fall back to a neutral greeting when it is missing.</summary>
    [Decoration]
    public string? Name { get; init; }

    /// <summary>
    /// BCP 47 language tag such as <c>th</c> or <c>en-GB</c>; <c>en_GB</c> is read as one. An unknown one falls back to its language, then
    /// to the default language.
    /// </summary>
    [Decoration]
    public string? Locale { get; init; }

    /// <summary>
    /// The country the person is in, ISO 3166-1 alpha-2, such as <c>TH</c>: it may choose the provider. Without it the region of
    /// <c>locale</c> counts; on the channel of text messages the number's country does, whatever is said here.
    /// </summary>
    [Decoration]
    public string? Country { get; init; }

    /// <summary>
    /// Mailbox for the e-mail channel, <c>local@domain</c>, at most 254 characters (RFC 5321); letters of all scripts, and a local part in
    /// quotes.
    /// </summary>
    public string? Email { get; init; }

    /// <summary>Number in E.164 form, <c>+66812345678</c>.</summary>
    public string? Phone { get; init; }

    /// <summary>
    /// One for each device and browser of the push channel, at most 50: a registration token of FCM, a device token of APNs (hexadecimal),
    /// or a Web Push subscription as the browser gives it, <c>{"endpoint":"https://…","keys":{"p256dh":"…","auth":"…"}}</c>. Their form
    /// tells them apart, and a provider is given only those of its vendor; where it might not, <c>fcm:</c> or <c>apns:</c> before the token
    /// says so.
    /// </summary>
    public IReadOnlyList<string> PushTokens
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>
    /// Places for the chat channel, each a service and where on it: <c>slack:C0123456789</c>, <c>telegram:12345</c>, <c>line:U…</c>, or the
    /// incoming webhook that belongs to the place: <c>slack:https://…</c>, <c>teams:https://…</c>, <c>discord:https://…</c>. At most 50.
    /// </summary>
    public IReadOnlyList<string> Chat
    {
        get;
        init => field = value ?? [];
    } = [];

    /// <summary>The https URL of the person's own system, to which the webhook channel posts what happened.</summary>
    public string? WebhookUrl { get; init; }
}
