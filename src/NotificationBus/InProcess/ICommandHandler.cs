using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.InProcess;

/// <summary>Takes commands in this process. Only hosts that send have one; the others send them to the queue of their channel.</summary>
public interface ICommandHandler
{
    /// <summary>Sends a delivery if it is its turn soon, and completes when the result is reported.</summary>
    /// <param name="input">The message that caused the command. It must not be acknowledged before.</param>
    /// <param name="messageId">The id the command has as a message of its own.</param>
    /// <param name="command">The command.</param>
    /// <param name="how">What is known beside the command.</param>
    /// <returns>False when its turn did not come: then nothing has happened, and it has to go to the queue of its channel.</returns>
    /// <exception cref="System.Data.Common.DbException">
    /// The database was away. The input has to come again: it may be sent, and what followed from it lost.
    /// </exception>
    Task<bool> Take(ConsumeContext input, Guid messageId, SendDelivery command, SentHere how);
}
