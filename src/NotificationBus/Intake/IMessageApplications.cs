using MassTransit;
using Microsoft.Extensions.Options;

namespace NotificationBus.Intake;

/// <summary>Tells to which application a message belongs: to that of whoever has published it.</summary>
public interface IMessageApplications
{
    /// <summary>The application of a message.</summary>
    string Of(ReceiveContext message);

    /// <summary>The application of what nobody is known to have published.</summary>
    string Unknown { get; }

    /// <summary>Says on a message of the host's own for which application it publishes it.</summary>
    void Name(SendContext message, string application)
    {
        if (application == Unknown)
            return;

        message.Headers.Set(ApplicationHeader.Name, application);
        Sign(message);
    }

    /// <summary>
    /// True for what a host alone can have sent, to the queue's own exchange. False for what came through an exchange to which services
    /// publish: its body may name any type. Where nobody else publishes it is true.
    /// </summary>
    bool IsBetweenHosts(ReceiveContext message) => true;

    /// <summary>Signs a message that has the header, so that it is believed. Where everybody is, there is nothing to do.</summary>
    void Sign(SendContext message) { }
}

/// <summary>
/// The header in which the host says for which application it publishes. Whoever else writes it is not believed: that is what
/// <see cref="IMessageApplications"/> is for.
/// </summary>
public static class ApplicationHeader
{
    /// <summary>The header's name.</summary>
    public const string Name = "NB-Application";

    /// <summary>Reads it; null when it is not there.</summary>
    public static string? Read(ReceiveContext message) =>
        message.TransportHeaders.TryGetHeader(Name, out var value) && value is string { Length: > 0 } said ? said : null;
}

/// <summary>Believes the header: of a bus in the memory of this process, on which nobody else publishes.</summary>
public sealed class BelievedApplications(IOptions<IntakeOptions> options) : IMessageApplications
{
    /// <inheritdoc />
    public string Unknown => options.Value.Application;

    /// <inheritdoc />
    public string Of(ReceiveContext message) => ApplicationHeader.Read(message) ?? Unknown;
}
