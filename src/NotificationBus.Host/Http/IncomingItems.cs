using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;

namespace NotificationBus.Host.Http;

/// <summary>What one of several that come together may be: looked at first, and taken when it is its turn.</summary>
interface IIncomingItem
{
    /// <summary>The contract.</summary>
    Type Contract { get; }

    /// <summary>Reads it, and looks at it, and takes nothing yet.</summary>
    IncomingItem Look(IServiceProvider services, ReadOnlyMemory<byte> json, IncomingWay way);
}

/// <summary>The way it comes.</summary>
sealed record IncomingWay
{
    /// <summary>Names it when it has no event id; null when it is given none.</summary>
    public ItemKeys? Keys { get; init; }

    /// <summary>Refuses it also when the text of one channel cannot be filled.</summary>
    public bool IsStrict { get; init; }

    /// <summary>See <see cref="NotificationIntake.Look"/>.</summary>
    public string By { get; init; } = NotificationIntake.Http;

    /// <summary>The application for which it is taken.</summary>
    public required string Application { get; init; }
}

/// <summary>
/// Gives the items of a call that have no event id one each. It and the recipient make the notification, so what is for others may come, go
/// and move: those of one recipient are counted for themselves.
/// </summary>
sealed class ItemKeys(string key)
{
    readonly Dictionary<string, int> _ofRecipient = new(StringComparer.Ordinal);

    public string Next(string recipient)
    {
        var before = _ofRecipient.GetValueOrDefault(recipient);
        _ofRecipient[recipient] = before + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{key}:{before}");
    }
}

/// <summary>One item: what became of it so far.</summary>
sealed record IncomingItem
{
    public string? EventId { get; init; }

    /// <summary>The answer of the intake; null of what begins no notification.</summary>
    public IntakeAnswer? Answer { get; init; }

    public Func<Task<IntakeAnswer?>>? Take { get; init; }

    public IResult? Refusal { get; init; }

    public Exception? Failure { get; init; }

    public int? DuplicateOf { get; init; }
}

/// <summary>The items that there are.</summary>
static class IncomingItems
{
    /// <summary>All events, by name.</summary>
    public static FrozenDictionary<string, IIncomingItem> Of(IServiceProvider services)
    {
        var reader = new Reader();
        return services
            .GetServices<IEventMap>()
            .Select(map => (map.Name, Item: map.Accept(reader)))
            .Concat(services.GetServices<IWithdrawalMap>().Select(map => (map.Name, Item: map.Accept(reader))))
            .ToFrozenDictionary(one => one.Name, one => one.Item, StringComparer.Ordinal);
    }

    public class Events<TEvent>(EventMap<TEvent> map) : IIncomingItem
        where TEvent : class
    {
        public Type Contract => typeof(TEvent);

        public IncomingItem Look(IServiceProvider services, ReadOnlyMemory<byte> json, IncomingWay way)
        {
            var (happened, refusal) = Read<TEvent>(json);
            var named = Name(happened, json, way.Keys);
            if (refusal is not null)
                return new IncomingItem { Refusal = refusal };

            var looked = services.GetRequiredService<NotificationIntake>().Look(map, named!, way.IsStrict, way.By, way.Application);
            var item = new IncomingItem { EventId = map.EventId(named!), Answer = looked.Answer };
            return looked.Take is { } take ? item with { Take = async () => await take() } : item;
        }

        protected virtual TEvent? Name(TEvent? happened, ReadOnlyMemory<byte> json, ItemKeys? keys) => happened;
    }

    public sealed class Requests(NotificationRequestedMap map) : Events<NotificationRequested>(map)
    {
        // What is refused is counted too, and what has an event id: once it is mended those after it are still called what they were.
        protected override NotificationRequested? Name(NotificationRequested? happened, ReadOnlyMemory<byte> json, ItemKeys? keys)
        {
            var key = (happened?.Recipient.Id ?? RecipientOf(json)) is { } recipient ? keys?.Next(recipient) : null;
            return happened is { EventId: null } && key is not null ? happened with { EventId = key } : happened;
        }

        static string? RecipientOf(ReadOnlyMemory<byte> json)
        {
            try
            {
                using var item = JsonDocument.Parse(json);
                return
                    item.RootElement.ValueKind == JsonValueKind.Object
                    && item.RootElement.TryGetProperty("recipient", out var recipient)
                    && recipient.ValueKind == JsonValueKind.Object
                    && recipient.TryGetProperty("id", out var id)
                    && id.ValueKind == JsonValueKind.String
                    ? id.GetString()
                    : null;
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException)
            {
                // Half a surrogate pair is no text, and what nests too deep is not read.
                return null;
            }
        }
    }

    sealed class Withdrawals<TEvent>(WithdrawalMap<TEvent> map) : IIncomingItem
        where TEvent : class
    {
        public Type Contract => typeof(TEvent);

        public IncomingItem Look(IServiceProvider services, ReadOnlyMemory<byte> json, IncomingWay way)
        {
            var (happened, refusal) = Read<TEvent>(json);
            refusal ??= EventsApi.Check(map, happened!);
            return refusal is not null
                ? new IncomingItem { Refusal = refusal }
                : new IncomingItem
                {
                    EventId = map.EventId(happened!),
                    Take = async () =>
                    {
                        await EventsApi.Publish(services, happened!, way.Application);
                        return null;
                    },
                };
        }
    }

    sealed class Reader : IEventMapVisitor<IIncomingItem>, IWithdrawalMapVisitor<IIncomingItem>
    {
        public IIncomingItem Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class => new Events<TEvent>(map);

        public IIncomingItem Visit<TEvent>(WithdrawalMap<TEvent> map)
            where TEvent : class => new Withdrawals<TEvent>(map);
    }

    static (TEvent? Happened, IResult? Refusal) Read<TEvent>(ReadOnlyMemory<byte> json)
        where TEvent : class =>
        json.Length > HttpLimits.BodySize ? (null, Problems.TooLarge(HttpLimits.BodySize)) : JsonBody.Parse<TEvent>(json);
}
