using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Contracts;

namespace NotificationBus.Benchmarks.Floor;

/// <summary>The producer's envelope, as far as the floor reads it.</summary>
sealed record PlacedEnvelope(OrderPlaced Message);

/// <summary>One delivery to be sent.</summary>
/// <param name="NotificationId">The notification.</param>
/// <param name="DeliveryId">The delivery; the same whenever the event comes again.</param>
/// <param name="Channel">One of <see cref="FloorSchema.Channels"/>.</param>
/// <param name="Event">What the texts are made of.</param>
sealed record FloorCommand(Guid NotificationId, Guid DeliveryId, int Channel, OrderPlaced Event);

/// <summary>A delivery was sent.</summary>
sealed record FloorResult(Guid NotificationId, int Channel);

/// <summary>How the floor writes and reads JSON: without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PlacedEnvelope))]
[JsonSerializable(typeof(FloorCommand))]
[JsonSerializable(typeof(FloorResult))]
[JsonSerializable(typeof(Contact))]
sealed partial class FloorJson : JsonSerializerContext;
