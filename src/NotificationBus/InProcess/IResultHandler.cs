using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.InProcess;

/// <summary>Takes results in this process. Only hosts that run the saga have one; the others report to the saga's queue.</summary>
public interface IResultHandler
{
    /// <summary>Takes one result, and completes when what it causes is stored and published.</summary>
    /// <param name="context">The message that brought it, or the command it is the result of.</param>
    /// <param name="lane">The lane it came by.</param>
    /// <param name="result">The result.</param>
    Task Take(ConsumeContext context, Lane lane, DeliveryResult result);
}
