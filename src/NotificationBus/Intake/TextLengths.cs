using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.ComponentModel.DataAnnotations;
using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake;

/// <summary>
/// The longest that every text may be that anybody says to the bus, in UTF-16 characters: in an event or a command, over HTTP or on the
/// bus, in a query or a header. One table, by the name of the property as JSON spells it; in a list it is for each element. An event of
/// your own may say otherwise with <see cref="StringLengthAttribute"/>.
/// </summary>
public static class TextLengths
{
    /// <summary>A text that is not in the table, and each text of <c>data</c>: about ten pages.</summary>
    public const int Usual = 20_000;

    /// <summary>A name that says which: a category, a channel, an account, an event.</summary>
    public const int Word = 100;

    /// <summary>An id or a number of the publishing system.</summary>
    public const int Id = 200;

    /// <summary>The producer's name for an occurrence; also <c>Idempotency-Key</c>.</summary>
    public const int EventId = 255;

    /// <summary>The name of a person.</summary>
    public const int PersonName = 200;

    /// <summary>A language tag.</summary>
    public const int Locale = EventRules.LongestLanguageTag;

    /// <summary>A mailbox (RFC 5321).</summary>
    public const int Mailbox = 254;

    /// <summary>A number in E.164 form: plus and 15 digits.</summary>
    public const int PhoneNumber = 16;

    /// <summary>A token or subscription of the push channel; the longest of all addresses.</summary>
    public const int PushToken = 4096;

    /// <summary>The URL of a webhook, and a place of the chat channel, which may be one.</summary>
    public const int Url = 2048;

    /// <summary>A remark of an operator: who, and why.</summary>
    public const int Remark = 500;

    /// <summary>The most addresses of one kind, and the most channels.</summary>
    public const int MostTexts = 50;

    static readonly FrozenDictionary<string, int> Table = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["eventId"] = EventId,
        ["eventName"] = Word,
        ["category"] = Word,
        ["replyTo"] = Mailbox,
        ["cc"] = Mailbox,
        ["deepLink"] = Url,
        ["image"] = Url,
        ["channel"] = Word,
        ["channels"] = Word,
        ["categories"] = Word,
        ["orderId"] = Id,
        ["product"] = 255,
        ["carrier"] = Id,
        ["trackingNumber"] = Id,
        ["conversationId"] = Id,
        ["text"] = 10_000,
        ["currency"] = Word,

        ["id"] = Id,
        ["recipientId"] = Id,
        ["name"] = PersonName,
        ["recipientName"] = PersonName,
        ["locale"] = Locale,
        ["country"] = 2,
        ["email"] = Mailbox,
        ["phone"] = PhoneNumber,
        ["pushTokens"] = PushToken,
        ["chat"] = Url,
        ["webhookUrl"] = Url,
        ["address"] = PushToken,

        ["by"] = Remark,
        ["why"] = Remark,
        // Who decides stands before why.
        ["DecideDelivery.why"] = 2 * Remark + 2,
        ["account"] = Word,
        ["provider"] = Word,
        ["providerMessageId"] = 500,
        // A vendor's, or made of what it says.
        ["Receipt.id"] = 500,

        // Queries.
        ["status"] = Word,
        ["state"] = Word,
        ["recipient"] = Id,
        ["key"] = BusinessKeys.LongestName + 1 + BusinessKeys.LongestValue,
        ["from"] = Word,
        ["to"] = Word,
        ["queue"] = 255,
        ["cause"] = Remark,
        ["limit"] = Word,
        ["after"] = Word,
        ["before"] = Word,
        ["sendAt"] = Word,
        ["timeZone"] = Word,
        ["delay"] = Word,
        ["expiresAt"] = Word,
        ["who"] = Remark,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    static readonly ConcurrentDictionary<Type, Member[]> Members = new();

    /// <summary>The longest text of a property.</summary>
    public static int Of(PropertyInfo property)
    {
        var name = NameOf(property);
        return property.GetCustomAttribute<StringLengthAttribute>()?.MaximumLength
            ?? (Table.TryGetValue($"{property.DeclaringType!.Name}.{name}", out var own) ? own : Table.GetValueOrDefault(name, Usual));
    }

    /// <summary>The longest text of a parameter in a query.</summary>
    public static int Of(string parameter) => Table.GetValueOrDefault(parameter, Usual);

    /// <summary>
    /// Finds the texts of an event that are too long. The recipient has rules of its own, and what only decorates is cut or left out
    /// (<see cref="Decoration"/>).
    /// </summary>
    /// <param name="happened">The event.</param>
    /// <param name="recipient">Which of its properties is the recipient.</param>
    public static IReadOnlyList<Breach> Check(object happened, string recipient) => Find(happened, recipient, contacts: true) ?? [];

    /// <summary>Checks a message of the bus. The people in an event are looked at when it is read.</summary>
    /// <exception cref="InvalidEventException">A text in it is too long.</exception>
    public static void Demand(object message)
    {
        if (Find(message, except: null, contacts: false) is { } breaches)
            throw new InvalidEventException(string.Join("; ", breaches.Select(breach => $"{breach.Path} {breach.Error}")));
    }

    /// <summary>Says what is wrong with a text of that length; null when nothing is.</summary>
    public static string? Refuse(int length, int longest) => length > longest ? $"must be at most {longest} characters" : null;

    /// <summary>Says what is wrong with a list of more than <see cref="MostTexts"/>.</summary>
    public static string TooMany(string what) => $"must be at most {MostTexts} {what}";

    static List<Breach>? Find(object value, string? except, bool contacts)
    {
        List<Breach>? found = null;
        foreach (var member in Members.GetOrAdd(value.GetType(), MembersOf))
        {
            if (member.Name != except && (contacts || !member.IsContact))
                member.Check(value, ref found);
        }

        return found;
    }

    static Member[] MembersOf(Type type) =>
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.GetIndexParameters().Length == 0)
                .Select(MemberOf)
                .OfType<Member>(),
        ];

    static Member? MemberOf(PropertyInfo property)
    {
        if (property.IsDefined(typeof(DecorationAttribute)))
            return null;

        var (type, longest, name) = (property.PropertyType, Of(property), NameOf(property));
        if (type == typeof(string))
            return new TextMember(name, longest, Getter<string>(property));
        if (type == typeof(JsonElement) || type == typeof(JsonElement?))
            return new JsonMember(name, Getter<JsonElement?>(property));
        if (type.IsAssignableTo(typeof(IEnumerable<string>)))
            return new ListMember(name, longest, Getter<IEnumerable<string?>>(property));
        if (type.IsAssignableTo(typeof(IEnumerable<JsonElement>)) || type.IsValueType || IsForeign(type))
            return null;
        return type.IsAssignableTo(typeof(IEnumerable<object>))
            ? new ListMember(name, longest, Getter<IEnumerable<object?>>(property))
            : new NestedMember(name, Getter<object>(property)) { IsContact = type == typeof(Contact) };
    }

    // Contracts, ours and those of whoever adds an event; nothing of the framework has texts that were sent.
    static bool IsForeign(Type type) =>
        (type.IsGenericType ? type.GetGenericArguments()[0] : type).Namespace is { } space
        && (space.StartsWith("System", StringComparison.Ordinal) || space.StartsWith("MassTransit", StringComparison.Ordinal));

    static string NameOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    static Func<object, T?> Getter<T>(PropertyInfo property)
    {
        var value = Expression.Parameter(typeof(object));
        return Expression
            .Lambda<Func<object, T?>>(
                Expression.Convert(Expression.Property(Expression.Convert(value, property.DeclaringType!), property), typeof(T)),
                value
            )
            .Compile();
    }

    abstract class Member(string name)
    {
        public string Name => name;

        public bool IsContact { get; init; }

        public abstract void Check(object owner, ref List<Breach>? found);

        protected static void Add(ref List<Breach>? found, string path, string error)
        {
            found ??= [];
            if (found.Count < IntakeRules.MostErrors)
                found.Add(new Breach(path, error));
        }

        protected static void Add(ref List<Breach>? found, string path, IEnumerable<Breach>? within)
        {
            foreach (var breach in within ?? [])
                Add(ref found, $"{path}.{breach.Path}", breach.Error);
        }
    }

    sealed class TextMember(string name, int longest, Func<object, string?> get) : Member(name)
    {
        public override void Check(object owner, ref List<Breach>? found)
        {
            if (get(owner) is { } text && Refuse(text.Length, longest) is { } error)
                Add(ref found, Name, error);
        }
    }

    sealed class NestedMember(string name, Func<object, object?> get) : Member(name)
    {
        public override void Check(object owner, ref List<Breach>? found)
        {
            if (get(owner) is { } nested)
                Add(ref found, Name, Find(nested, except: null, contacts: true));
        }
    }

    sealed class ListMember(string name, int longest, Func<object, IEnumerable<object?>?> get) : Member(name)
    {
        public override void Check(object owner, ref List<Breach>? found)
        {
            var index = 0;
            foreach (var element in get(owner) ?? [])
            {
                if (element is string text && Refuse(text.Length, longest) is { } error)
                    Add(ref found, $"{Name}[{index}]", error);
                else if (element is not (null or string))
                    Add(ref found, $"{Name}[{index}]", Find(element, except: null, contacts: true));
                index++;
            }
        }
    }

    sealed class JsonMember(string name, Func<object, JsonElement?> get) : Member(name)
    {
        public override void Check(object owner, ref List<Breach>? found)
        {
            if (get(owner) is not { } json)
                return;

            var trail = new JsonTrail();
            trail.Enter(Name);
            Walk(json, trail, ref found);
        }

        static void Walk(JsonElement json, JsonTrail trail, ref List<Breach>? found)
        {
            switch (json.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (var property in json.EnumerateObject())
                    {
                        trail.Enter(property);
                        Walk(property.Value, trail, ref found);
                        trail.Leave();
                    }

                    break;

                case JsonValueKind.Array:
                    var index = 0;
                    foreach (var element in json.EnumerateArray())
                    {
                        trail.Enter(index++);
                        Walk(element, trail, ref found);
                        trail.Leave();
                    }

                    break;

                // Its bytes are never fewer than its characters.
                case JsonValueKind.String
                    when System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(json).Length > Usual + 2 && Length(json) > Usual:
                    Add(ref found, trail.ToString(), Refuse(Usual + 1, Usual)!);
                    break;
            }
        }

        static int Length(JsonElement text)
        {
            try
            {
                return text.GetString()!.Length;
            }
            catch (InvalidOperationException)
            {
                // No Unicode: another rule says so.
                return 0;
            }
        }
    }
}
