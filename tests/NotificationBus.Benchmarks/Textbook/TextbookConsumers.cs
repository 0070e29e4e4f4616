using MassTransit;
using NotificationBus.Benchmarks.Load;
using NotificationBus.Model;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>Sends the e-mail.</summary>
sealed class SendEmailConsumer(TextbookDbContext database, InstantProvider provider) : IConsumer<SendEmail>
{
    public async Task Consume(ConsumeContext<SendEmail> context)
    {
        var order = context.Message.Order;
        await database.Attempt(
            context.Message.NotificationId,
            "email",
            () => provider.Send(order.Seller.Email!, Texts.Email(order)),
            context.CancellationToken
        );
        await context.Publish(new EmailSent(context.Message.NotificationId));
    }
}

/// <summary>Sends the push.</summary>
sealed class SendPushConsumer(TextbookDbContext database, InstantProvider provider) : IConsumer<SendPush>
{
    public async Task Consume(ConsumeContext<SendPush> context)
    {
        var order = context.Message.Order;
        await database.Attempt(
            context.Message.NotificationId,
            "push",
            () => provider.Send(order.Seller.PushTokens[0], Texts.Push(order)),
            context.CancellationToken
        );
        await context.Publish(new PushSent(context.Message.NotificationId));
    }
}

static class TextbookAttempts
{
    /// <summary>Writes the call down, makes it, and writes down what came back; nothing when that has been done before.</summary>
    public static async Task Attempt(
        this TextbookDbContext database,
        Guid notification,
        string channel,
        Func<string> call,
        CancellationToken cancellationToken
    )
    {
        var id = DeterministicId.From("delivery", $"{notification:N}", channel);
        var attempt = await database.Attempts.FindAsync([id], cancellationToken);
        if (attempt?.Status == "Accepted")
            return;

        if (attempt is null)
            database.Attempts.Add(
                attempt = new TextbookAttempt
                {
                    DeliveryId = id,
                    NotificationId = notification,
                    Channel = channel,
                    Provider = "instant",
                    Status = "Started",
                }
            );
        attempt.Number++;
        attempt.StartedAt = Clock.Now;
        await database.SaveChangesAsync(cancellationToken);

        attempt.ProviderMessageId = call();
        attempt.Status = "Accepted";
        attempt.FinishedAt = Clock.Now;
        await database.SaveChangesAsync(cancellationToken);
    }
}
