using System.Text.Json.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>The JSON of the parts of a notification. Enumerations are words, so that the tables can be read.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(NotificationState))]
[JsonSerializable(typeof(Contact))]
[JsonSerializable(typeof(MessageExtras))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<DeliveryState>))]
[JsonSerializable(typeof(IReadOnlyList<LeftOut>))]
public sealed partial class NotificationJson : JsonSerializerContext;
