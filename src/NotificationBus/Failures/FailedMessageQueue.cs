using System.Net.Mime;
using System.Text;
using MassTransit;
using MassTransit.Serialization;
using NotificationBus.Intake;
using NotificationBus.Messaging;

namespace NotificationBus.Failures;

/// <summary>
/// Puts what is set aside into the queue of failed messages: its body under properties of our own. MassTransit moves a message with the
/// properties its producer gave it, and the broker closes the channel on some, such as the <c>user_id</c> of somebody else (rabbitmq.com,
/// "Validated User-ID").
/// </summary>
/// <param name="bus">The bus, which is built after those who set aside.</param>
/// <param name="limit">How long the broker may take.</param>
/// <param name="applications">Sign for whose it is.</param>
sealed class FailedMessageQueue(Lazy<IBus> bus, PublishLimit limit, IMessageApplications applications)
{
    /// <summary>
    /// In bytes. All headers of a message must fit in one frame, of 128 KB by default, and some are added. When they do not fit, the broker
    /// closes the connection.
    /// </summary>
    public const int LongestHeaders = 96 * 1024;

    static readonly Uri Address = new($"exchange:{FailedMessageEndpoint.Queue}");

    /// <summary>True when the message's own headers fit beside what is written on it.</summary>
    public static bool Carries(Failure failure) => Encoding.UTF8.GetByteCount(failure.Headers) <= LongestHeaders;

    /// <summary>Puts it there, and waits until the broker has confirmed it.</summary>
    /// <exception cref="BrokerUnavailableException">The broker has not taken it.</exception>
    public Task Put(Failure failure) => limit.Await(Send(failure));

    async Task Send(Failure failure)
    {
        var endpoint = await bus.Value.GetSendEndpoint(Address);
        await endpoint.Send(
            new Copy(),
            Pipe.Execute<SendContext<Copy>>(send =>
            {
                send.MessageId = Guid.TryParse(failure.MessageId, out var id) ? id : null;
                send.Serializer = new CopyBodySerializer(
                    new ContentType(MediaTypeNames.Application.Octet),
                    new BytesMessageBody(failure.Body)
                );
                FailureHeaders.Write(send.Headers, failure);
                applications.Sign(send);
            }),
            CancellationToken.None
        );
    }

    /// <summary>Stands for a body of any kind.</summary>
    sealed record Copy;
}
