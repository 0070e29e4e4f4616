using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Sending;

namespace NotificationBus.Tests.TestKit;

/// <summary>A message as it goes over the wire.</summary>
sealed record WireMessage(Guid? Id, string Type, string Place, byte[] Body)
{
    static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1000 };

    public static WireMessage Read(string place, byte[] body)
    {
        var envelope = JsonElement.Parse(body, Deep);
        var id =
            envelope.TryGetProperty("messageId", out var messageId) && messageId.ValueKind == JsonValueKind.String
                ? messageId.GetGuid()
                : (Guid?)null;
        var type = envelope.GetProperty("messageType")[0].GetString()!;
        return new WireMessage(id, type[(type.LastIndexOf(':') + 1)..], place, body);
    }

    /// <summary>The results or commands it brings, when it brings several, each as if it had come alone.</summary>
    public IEnumerable<WireMessage> Parts() =>
        Type switch
        {
            nameof(DeliveryResults) => Part("results")
                .Deserialize<List<DeliveryResult>>(JsonSerializerOptions.Web)!
                .Where(result => result.IsKnown)
                .Select(result => new WireMessage(result.MessageId, result.Message.GetType().Name, Place, Body)),
            nameof(SendDeliveries) => Part("commands")
                .EnumerateArray()
                .Select(command => Read(Place, Encoding.UTF8.GetBytes(command.GetRawText()))),
            _ => [],
        };

    JsonElement Part(string name) => JsonElement.Parse(Body, Deep).GetProperty("message").GetProperty(name);
}

/// <summary>
/// Everything that goes over the bus. What a step of the saga publishes can be lost on the way (<see cref="BeforeSend"/>) or
/// lose its confirm on the way back (<see cref="AfterSend"/>).
/// </summary>
sealed class Wire(Pulse pulse) : ISendObserver, IPublishObserver, IReceiveObserver
{
    ImmutableList<WireMessage> _published = [];
    ImmutableList<WireMessage> _handled = [];
    ImmutableList<(WireMessage Message, string Exception)> _errors = [];
    ImmutableList<Exception> _faults = [];

    public Action<WireMessage>? BeforeSend { get; set; }

    public Action<WireMessage>? AfterSend { get; set; }

    /// <summary>What steps of the saga have published, in order, each time they did.</summary>
    public IReadOnlyList<WireMessage> Published => _published;

    /// <summary>What was taken from a queue and dealt with, well or not. What it caused was published before.</summary>
    public IReadOnlyList<WireMessage> Handled => _handled;

    /// <summary>What ended in an error queue, and why.</summary>
    public IReadOnlyList<(WireMessage Message, string Exception)> Errors => _errors;

    /// <summary>
    /// Why messages were given up. Known before they are <see cref="Handled"/>, and so good for saying that there were none.
    /// </summary>
    public IReadOnlyList<Exception> Faults => _faults;

    Task ISendObserver.PreSend<T>(SendContext<T> context)
    {
        if (context is SendContext<SerializedMessageBody> && Read(context) is var message && message.Type != nameof(NotificationRejected))
        {
            BeforeSend?.Invoke(message);
            // Noted before it leaves, so that whoever has received it finds it here.
            ImmutableInterlocked.Update(ref _published, published => published.AddRange([message, .. message.Parts()]));
            pulse.Beat();
        }

        return Task.CompletedTask;
    }

    Task ISendObserver.PostSend<T>(SendContext<T> context)
    {
        if (context is SendContext<SerializedMessageBody>)
            AfterSend?.Invoke(Read(context));

        return Task.CompletedTask;
    }

    Task ISendObserver.SendFault<T>(SendContext<T> context, Exception exception) => Task.CompletedTask;

    Task IPublishObserver.PrePublish<T>(PublishContext<T> context)
    {
        if (IsOutcome<T>())
        {
            var message = Read(context);
            BeforeSend?.Invoke(message);
            ImmutableInterlocked.Update(ref _published, published => published.Add(message));
            pulse.Beat();
        }

        return Task.CompletedTask;
    }

    Task IPublishObserver.PostPublish<T>(PublishContext<T> context)
    {
        if (IsOutcome<T>())
            AfterSend?.Invoke(Read(context));

        return Task.CompletedTask;
    }

    Task IPublishObserver.PublishFault<T>(PublishContext<T> context, Exception exception) => Task.CompletedTask;

    // Events are published by tests, as producers do.
    static bool IsOutcome<T>() =>
        typeof(T) == typeof(NotificationDelivered)
        || typeof(T) == typeof(NotificationPartlyDelivered)
        || typeof(T) == typeof(NotificationCancelled)
        || typeof(T) == typeof(NotificationExpired)
        || typeof(T) == typeof(NotificationFailed);

    Task IReceiveObserver.PreReceive(ReceiveContext context)
    {
        if (PlaceOf(context.InputAddress) == FailedMessageEndpoint.Queue)
        {
            var reason =
                $"{context.TransportHeaders.Get<string>(MessageHeaders.FaultExceptionType)}: "
                + $"{context.TransportHeaders.Get<string>(MessageHeaders.FaultMessage)}";
            var message = Read(context);
            ImmutableInterlocked.Update(ref _errors, errors => errors.Add((message, reason)));
            pulse.Beat();
        }

        return Task.CompletedTask;
    }

    Task IReceiveObserver.PostReceive(ReceiveContext context)
    {
        var message = Read(context);
        ImmutableInterlocked.Update(ref _handled, handled => handled.AddRange([message, .. message.Parts()]));
        pulse.Beat();
        return Task.CompletedTask;
    }

    Task IReceiveObserver.PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) => Task.CompletedTask;

    Task IReceiveObserver.ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
    {
        ImmutableInterlocked.Update(ref _faults, faults => faults.Add(exception));
        return Task.CompletedTask;
    }

    Task IReceiveObserver.ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;

    static WireMessage Read<T>(SendContext<T> context)
        where T : class =>
        WireMessage.Read(PlaceOf(context.DestinationAddress!), context.Serializer.GetMessageBody(context).GetBytes()) with
        {
            Id = context.MessageId,
        };

    static WireMessage Read(ReceiveContext context) => WireMessage.Read(PlaceOf(context.InputAddress), context.Body.GetBytes());

    static string PlaceOf(Uri address) => address.AbsolutePath.Trim('/');
}
