using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Producer;

if (ProducerOptions.Read(args) is not { } options)
{
    await Console.Error.WriteLineAsync(ProducerOptions.Usage);
    return 2;
}

var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
{
    rabbit.Host(options.Broker);
    // An event nobody is bound to is returned, and the publish fails; without this it would be confirmed and gone.
    rabbit.ConfigurePublish(publish => publish.UseExecute(context => context.GetPayload<RabbitMqSendContext>().Mandatory = true));
});
await bus.StartAsync().WaitAsync(TimeSpan.FromMinutes(1));
try
{
    var published = options.Repetition is Repetition.None ? await PublishEachEvent() : await PublishOneOrder();
    Console.WriteLine(JsonSerializer.Serialize(published));
    return 0;
}
finally
{
    await bus.StopAsync();
}

async Task<Dictionary<string, int>> PublishEachEvent()
{
    var numbers = Enumerable.Range(1, options.Count).ToList();
    await Confirmed(numbers.Select(n => bus.Publish(Occurrences.Chat(n))));
    await Confirmed(numbers.Select(n => bus.Publish(Occurrences.Order(n))));
    await Confirmed(numbers.Select(n => bus.Publish(Occurrences.Reminder(n))));
    await Confirmed(numbers.Select(n => bus.Publish(Occurrences.Shipment(n))));
    return new(StringComparer.Ordinal)
    {
        ["ChatMessageSent"] = options.Count,
        ["OrderPlaced"] = options.Count,
        ["PaymentReminderDue"] = options.Count,
        ["OrderShipped"] = options.Count,
    };
}

async Task<Dictionary<string, int>> PublishOneOrder()
{
    var message = NewId.NextGuid();
    await Confirmed(Enumerable.Range(1, options.Count).Select(_ => bus.Publish(Occurrences.Order(1), Same)));
    return new(StringComparer.Ordinal) { ["OrderPlaced"] = options.Count };

    void Same(PublishContext<OrderPlaced> context)
    {
        if (options.Repetition is Repetition.SameMessage)
            context.MessageId = message;
    }
}

// All in flight at once; each completes when the broker has confirmed it. No token goes into a publish: RabbitMQ.Client 7.1 miscounts after
// one is cancelled.
static Task Confirmed(IEnumerable<Task> publishing) => Task.WhenAll(publishing).WaitAsync(TimeSpan.FromMinutes(5));
