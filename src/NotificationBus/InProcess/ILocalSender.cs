using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.InProcess;

/// <summary>Sends in this process what would have come from the queue of its channel.</summary>
public interface ILocalSender
{
    /// <summary>Sends a delivery, if it is its turn soon, and reports the result.</summary>
    /// <returns>False when it was not; then nothing has happened.</returns>
    Task<bool> ConsumeSoon(ConsumeContext<SendDelivery> context);
}
