using System.ComponentModel.DataAnnotations;
using System.Runtime.Serialization;
using Microsoft.Extensions.Options;

namespace NotificationBus.Messaging;

/// <summary>Settings of <c>Publishing</c>.</summary>
public sealed class PublishingOptions
{
    /// <summary>
    /// The longest time that the broker may take to confirm what was published, 1 s to 25 s, default 10 s: less than the 30 s after which
    /// somebody else publishes it. A broker under a memory alarm never confirms, and a client that waits for it without limit hangs
    /// (rabbitmq.com, "Memory and Disk Alarms").
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:25", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>
/// The time limit of every publish. "In time" says nothing about arrival: whoever publishes again must do so under the same message id.
/// </summary>
public sealed class PublishLimit(IOptions<PublishingOptions> options, TimeProvider clock)
{
    /// <summary>Waits for the publish, but not for ever.</summary>
    /// <exception cref="BrokerUnavailableException">The limit has passed, or the broker did not take it.</exception>
    /// <exception cref="SerializationException">The message cannot be written, now or later.</exception>
    public async Task Await(Task publish)
    {
        try
        {
            await publish.WaitAsync(options.Value.Timeout, clock);
        }
        catch (TimeoutException exception)
        {
            throw new BrokerUnavailableException($"RabbitMQ did not confirm within {options.Value.Timeout.TotalSeconds} s", exception);
        }
        catch (Exception exception) when (exception is not (BrokerUnavailableException or SerializationException))
        {
            throw new BrokerUnavailableException($"RabbitMQ did not take the message ({exception.GetType().Name})", exception);
        }
    }
}

/// <summary>The broker did not confirm a message in time. It may have arrived all the same.</summary>
public sealed class BrokerUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
