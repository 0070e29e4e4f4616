using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Log;

/// <summary>
/// Accepts the deliveries of a channel and writes into the log what it would send, masked, for hosts without the page of the sandbox.
/// Nothing leaves the machine.
/// </summary>
public sealed partial class LogProvider(string name, string channel, LogOptions options, ILogger<LogProvider> log) : IProvider
{
    /// <summary>The type's word in configuration. Every channel has one, so the account is shared by all of them.</summary>
    public const string Type = "log";

    /// <inheritdoc />
    public string Name => name;

    /// <inheritdoc />
    public string Channel => channel;

    /// <inheritdoc />
    public Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        WouldSend(delivery.Id, delivery.NotificationId, channel, delivery.Category, Hint(delivery.Address), Describe(delivery));
        return Task.FromResult<ProviderResult>(new ProviderResult.Accepted($"log-{delivery.Id:N}"));
    }

    /// <summary>Enough of the address to tell two of them apart, and too little to write to one.</summary>
    static string Hint(string address) => address.Length < 8 ? "…" : $"{Unprintable().Replace(address[..2], "")}…({address.Length})";

    string Describe(Delivery delivery)
    {
        var masking = Masking.OfRecipient(delivery);
        var parts = JsonSerializer.SerializeToNode(delivery.Content, delivery.Content.GetType(), JsonSerializerOptions.Web)!.AsObject();
        return string.Join(", ", parts.Select(part => $"{part.Key}: {Show(part.Value, masking)}"));
    }

    string Show(JsonNode? part, Masking masking)
    {
        var text = part?.ToString() ?? "";
        return options.ShowContent ? $"\"{Number().Replace(masking.Clean(text), "[number]")}\"" : $"{text.Length} characters";
    }

    [GeneratedRegex(@"[0-9]([ -]?[0-9]){3,}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Number();

    [GeneratedRegex(@"[\p{C}\s]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Unprintable();

    [LoggerMessage(LogLevel.Information, "Would send {DeliveryId} of {NotificationId} by {Channel} ({Category}) to {Address}: {Content}")]
    partial void WouldSend(Guid deliveryId, Guid notificationId, string channel, string category, string address, string content);
}
