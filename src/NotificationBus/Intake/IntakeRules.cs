using System.Collections.Frozen;
using System.Text.Json;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Planning;

namespace NotificationBus.Intake;

/// <summary>
/// What every request must keep, whichever way it came in. Bad values are named by their place and never repeated. The
/// database could not hold some of them (NUL in text), and the identity of a notification depends on others.
/// </summary>
public sealed class IntakeRules(ChannelSet channels, EventTypeRules rules, TimeProvider clock, IFileSource? files = null)
{
    /// <summary>How many mistakes are named at once. Nobody mends more, and an answer could be many times as large as the body.</summary>
    public const int MostErrors = 100;

    /// <summary>What is wrong with a request, by JSON path; empty when nothing is.</summary>
    public IReadOnlyDictionary<string, string[]> Check(NotificationRequest request, string recipientProperty)
    {
        var errors = new Errors();
        // An empty one is not taken for none: whoever sends it believes a repetition harmless, and the recipient would be told twice.
        if (request.EventId is not null && !PlainText.IsName(request.EventId, TextLengths.EventId))
            errors.Add("eventId", $"must be 1 to {TextLengths.EventId} characters without control characters");

        // "category": null satisfies `required` when the event comes over the bus.
        if (request.Category is null || !rules.Know(request.Category))
            errors.Add("category", Spelling.Unknown(request.Category, rules.Categories));

        if (request.Channels is { } wanted)
        {
            if (wanted.Count == 0)
                errors.Add("channels", "must name at least one channel, or be left out");
            if (wanted.Count > TextLengths.MostTexts)
                errors.Add("channels", $"must be at most {TextLengths.MostTexts}");
            for (var index = 0; index < wanted.Count && errors.Count < MostErrors; index++)
            {
                if (wanted[index] is not { } name || channels.Find(name) is null)
                    errors.Add($"channels[{index}]", channels.NoChannel(wanted[index]));
            }
        }

        if (request.Content is { } content)
            CheckContent(content, errors);

        foreach (var breach in request.Breaches.Where(breach => !errors.ByPath.ContainsKey(breach.Path)))
            errors.Add(breach.Path, breach.Error);

        if (request.Extras is { } extras)
            CheckExtras(request, extras, errors);

        if (request.Schedule?.At > clock.GetUtcNow() + SendSchedule.Longest)
            errors.Add("sendAt", $"must be at most {SendSchedule.Longest.TotalDays} days from now");

        CheckRecipient(request.Recipient, recipientProperty, errors);

        if (request.Data.ValueKind != JsonValueKind.Object)
            errors.Add("data", "must be a JSON object");
        else if (!IsText(request.Data))
            errors.Add("data", "must not contain the character U+0000 or half a surrogate pair");

        return errors.ByPath;
    }

    /// <summary>Which of the recipient's addresses can never be used, by JSON path; empty when each may.</summary>
    /// <param name="leftOut">What the plan has left out.</param>
    /// <param name="recipient">Whose addresses they are.</param>
    /// <param name="at">The property of the event that is the recipient.</param>
    public IReadOnlyDictionary<string, string[]> Place(IReadOnlyList<LeftOut> leftOut, Contact recipient, string at)
    {
        var refused = leftOut.Where(left => left.Address is not null).Take(MostErrors).ToList();
        if (refused.Count == 0)
            return FrozenDictionary<string, string[]>.Empty;

        var errors = new Errors();
        var places = new Places(recipient, at);
        foreach (var left in refused)
            errors.Add(
                channels.Find(left.Channel) is { } channel && places.Of(channel, left.Address!) is { } place ? place : at,
                left.Reason
            );

        return errors.ByPath;
    }

    /// <summary>Checks a request that came over the bus, where nobody can be answered.</summary>
    /// <exception cref="InvalidEventException">
    /// The request breaks a rule; it goes to the error queue with that reason and is not tried again.
    /// </exception>
    public void Demand(NotificationRequest request, string recipientProperty)
    {
        if (WhyNot(request, recipientProperty) is { } reason)
            throw new InvalidEventException(reason);
    }

    /// <summary>The reason why a request that comes over the bus is not taken; null when it is.</summary>
    public string? WhyNot(NotificationRequest request, string recipientProperty)
    {
        var errors = Check(request, recipientProperty);
        // A bad address on the bus spoils only its own channel; the planner says so in its decisions. So do they of a bad key.
        var fatal = errors.Where(error => !IsAddress(error.Key, recipientProperty) && !IsKey(error.Key)).ToList();
        return fatal.Count > 0 ? string.Join("; ", fatal.Select(error => $"{error.Key} {string.Join(", ", error.Value)}")) : null;
    }

    static bool IsAddress(string path, string recipient) =>
        path == $"{recipient}.email"
        || path == $"{recipient}.phone"
        || path == $"{recipient}.webhookUrl"
        || IsList($"{recipient}.pushTokens", path)
        || IsList($"{recipient}.chat", path);

    static bool IsKey(string path) =>
        path is "keys" or "metadata"
        || path.StartsWith("keys.", StringComparison.Ordinal)
        || path.StartsWith("metadata.", StringComparison.Ordinal);

    static bool IsList(string list, string path) => path == list || path.StartsWith($"{list}[", StringComparison.Ordinal);

    void CheckContent(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> content, Errors errors)
    {
        if (content.Count is 0 or > TextLengths.MostTexts)
            errors.Add("content", $"must be for 1 to {TextLengths.MostTexts} channels, or be left out");
        foreach (var (name, parts) in content.Take(TextLengths.MostTexts))
        {
            var at = $"content.{ShortText.Of(name, TextLengths.Word)}";
            if (channels.Find(name) is not { } channel)
                errors.Add(at, channels.NoChannel(name));
            else if (parts is null)
                errors.Add(at, "must be an object");
            else
                foreach (var breach in GivenContent.Check(channel, parts, at).Take(MostErrors))
                    errors.Add(breach.Path, breach.Error);
        }
    }

    // What no message would carry is refused: whoever asks for it expects it to arrive.
    void CheckExtras(NotificationRequest request, MessageExtras extras, Errors errors)
    {
        var wanted =
            request.Channels ?? (request.Category is { } category && rules.Know(category) ? rules.Of(category).Options.Channels : null);
        foreach (var name in extras.Channels())
        {
            if (channels.Find(name) is not { } channel)
                errors.Add(name, channels.NoChannel(name));
            else if (wanted?.Contains(name, StringComparer.Ordinal) == false)
                errors.Add(name, $"is for the channel {name}, which is none of this notification's");
            else
                foreach (var breach in channel.CheckExtras(extras, request.Recipient).Take(MostErrors))
                    errors.Add(breach.Path, breach.Error);
        }

        foreach (var (path, url) in extras.Fetched().Take(MostErrors))
        {
            if (url is not null && files?.Refuse(url) is { } refusal)
                errors.Add(path, refusal);
        }
    }

    void CheckRecipient(Contact recipient, string at, Errors errors)
    {
        if (!PlainText.IsName(recipient.Id, TextLengths.Id))
            errors.Add($"{at}.id", $"must be 1 to {TextLengths.Id} characters without control characters");
        var fewTokens = recipient.PushTokens is { Count: <= TextLengths.MostTexts };
        if (!fewTokens)
            errors.Add($"{at}.pushTokens", TextLengths.TooMany("tokens"));
        var fewChats = recipient.Chat is { Count: <= TextLengths.MostTexts };
        if (!fewChats)
            errors.Add($"{at}.chat", TextLengths.TooMany("places"));

        // Worse than an address that cannot work: a recipient that cannot be stored.
        if (
            HasNul(recipient.Email)
            || HasNul(recipient.Phone)
            || HasNul(recipient.WebhookUrl)
            || recipient.PushTokens.Any(HasNul)
            || recipient.Chat.Any(HasNul)
        )
            errors.Add(at, "must not contain the character U+0000");

        if (recipient.Email is { } email && Refuse("email", email, TextLengths.Mailbox) is { } badMailbox)
            errors.Add($"{at}.email", badMailbox);

        if (recipient.Phone is { } phone && Refuse("sms", phone, TextLengths.PhoneNumber) is { } badNumber)
            errors.Add($"{at}.phone", badNumber);

        for (var index = 0; fewTokens && index < recipient.PushTokens!.Count; index++)
        {
            var refusal = recipient.PushTokens[index] is { Length: > 0 } token
                ? Refuse("push", token, TextLengths.PushToken)
                : "the push token is empty";
            if (refusal is not null)
                errors.Add($"{at}.pushTokens[{index}]", refusal);
        }

        for (var index = 0; fewChats && index < recipient.Chat!.Count; index++)
        {
            var refusal = recipient.Chat[index] is { Length: > 0 } place ? Refuse("chat", place, TextLengths.Url) : "the place is empty";
            if (refusal is not null)
                errors.Add($"{at}.chat[{index}]", refusal);
        }

        if (recipient.WebhookUrl is { } url && Refuse("webhook", url, TextLengths.Url) is { } badUrl)
            errors.Add($"{at}.webhookUrl", badUrl);
    }

    /// <summary>What the channel says of its address; of a channel that is not there, only whether it is too long.</summary>
    string? Refuse(string channel, string address, int longest) =>
        channels.Find(channel)?.Refuse(address) ?? TextLengths.Refuse(address.Length, longest);

    static bool HasNul(string? text) => text?.Contains('\0') == true;

    /// <summary>True when a database can hold every string in it. Half a surrogate pair can be escaped in JSON, and is no text.</summary>
    static bool IsText(JsonElement data) =>
        data.ValueKind switch
        {
            JsonValueKind.String => JsonText.Refuse(data) is null,
            JsonValueKind.Array => data.EnumerateArray().All(IsText),
            JsonValueKind.Object => data.EnumerateObject().All(property => JsonText.Refuse(property) is null && IsText(property.Value)),
            _ => true,
        };

    /// <summary>
    /// Where the addresses of a recipient stand. Each is read once for each channel that is asked for, and only where one is not written as
    /// it stands.
    /// </summary>
    sealed class Places(Contact recipient, string at)
    {
        readonly List<(string Path, string Address)> _all =
        [
            .. new[] { ("email", recipient.Email), ("phone", recipient.Phone), ("webhookUrl", recipient.WebhookUrl) }
                .Where(one => one.Item2 is not null)
                .Select(one => ($"{at}.{one.Item1}", one.Item2!)),
            .. recipient
                .PushTokens.Index()
                .Where(token => token.Item is not null)
                .Select(token => ($"{at}.pushTokens[{token.Index}]", token.Item)),
            .. recipient.Chat.Index().Where(chat => chat.Item is not null).Select(chat => ($"{at}.chat[{chat.Index}]", chat.Item)),
        ];

        readonly Dictionary<string, Dictionary<string, string>> _canonical = new(StringComparer.Ordinal);

        Dictionary<string, string>? _written;

        /// <summary>
        /// The first place of an address, which channels may write otherwise than the event did; null when it stands nowhere.
        /// </summary>
        public string? Of(IChannel channel, string address)
        {
            _written ??= PathsBy(written => written);
            if (_written.TryGetValue(address, out var path))
                return path;

            if (!_canonical.TryGetValue(channel.Name, out var canonical))
                _canonical.Add(channel.Name, canonical = PathsBy(channel.Canonical));
            return canonical.GetValueOrDefault(channel.Canonical(address));
        }

        Dictionary<string, string> PathsBy(Func<string, string> form)
        {
            var paths = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (path, address) in _all)
                paths.TryAdd(form(address), path);
            return paths;
        }
    }

    sealed class Errors
    {
        readonly Dictionary<string, string[]> _byPath = new(StringComparer.Ordinal);

        public Dictionary<string, string[]> ByPath => _byPath;

        public int Count => _byPath.Count;

        public void Add(string path, string message) => _byPath[path] = [.. _byPath.GetValueOrDefault(path, []), message];
    }
}

/// <summary>A message on the bus that no retry can make right. It goes to the error queue with this reason.</summary>
public sealed class InvalidEventException(string message) : Exception(message);
