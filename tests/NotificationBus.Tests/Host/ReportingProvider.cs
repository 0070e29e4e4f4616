using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Providers;
using NotificationBus.Receipts;

namespace NotificationBus.Tests.Host;

/// <summary>A provider of the type <c>reporting</c> that takes everything, and whose vendor signs its receipts with one word.</summary>
public sealed class ReportingProvider(string name) : IProvider, IReceiptReader
{
    public const string Type = "reporting";
    public const string Signature = "X-Signature";
    public const string Genuine = "by the vendor's own hand";

    readonly ConcurrentQueue<Delivery> _calls = new();
    readonly ConcurrentQueue<ReceiptRequest> _requests = new();

    public string Name => name;

    public string Channel => "email";

    /// <summary>What it was asked to send.</summary>
    public IReadOnlyCollection<Delivery> Calls => _calls;

    /// <summary>What was posted to it.</summary>
    public IReadOnlyCollection<ReceiptRequest> Requests => _requests;

    /// <summary>Adds the type. Every account of it is this one.</summary>
    public void AddTo(IServiceCollection services) =>
        services.AddSingleton(new ProviderType(Type, Channel, OptionsType: null, (_, _) => this));

    public Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        _calls.Enqueue(delivery);
        return Task.FromResult<ProviderResult>(new ProviderResult.Accepted(MessageIdOf(delivery.Id)));
    }

    public static string MessageIdOf(Guid deliveryId) => $"reporting-{deliveryId:N}";

    /// <summary>A call as the vendor writes it.</summary>
    public static string Report(ReceiptKind kind, string messageId) => JsonSerializer.Serialize(new { kind = $"{kind}", messageId });

    /// <summary>The same with whom it is about, and the reason in the vendor's words.</summary>
    public static string Report(ReceiptKind kind, string messageId, string address) =>
        JsonSerializer.Serialize(
            new
            {
                kind = $"{kind}",
                messageId,
                address,
            }
        );

    public Task<ReceiptReading> Read(ReceiptRequest request) => Task.FromResult(ReadNow(request));

    ReceiptReading ReadNow(ReceiptRequest request)
    {
        // The body is the host's again once this has returned.
        _requests.Enqueue(request with { Body = request.Body.ToArray() });
        if (!request.Headers.TryGetValue(Signature, out var signature) || signature != Genuine)
            return new ReceiptReading.Refused($"{Signature} is wrong");

        JsonElement body;
        try
        {
            body = JsonElement.Parse(request.Body.Span);
        }
        catch (JsonException)
        {
            return new ReceiptReading.Unreadable("no JSON");
        }

        if (body.TryGetProperty("fail", out _))
            throw new InvalidOperationException("som@example.com cannot be read");
        if (body.TryGetProperty("notNow", out _))
            return new ReceiptReading.NotNow("the key is not there yet");
        if (body.TryGetProperty("confirm", out var confirm))
            return new ReceiptReading.Confirm(new Uri(confirm.GetString()!));
        if (body.TryGetProperty("many", out var many))
            return new ReceiptReading.Genuine([
                .. Enumerable
                    .Range(0, many.GetInt32())
                    .Select(number => new Receipt
                    {
                        Kind = ReceiptKind.Opened,
                        Id = $"{number}",
                        At = DateTimeOffset.UnixEpoch,
                        ProviderMessageId = $"{number}",
                    }),
            ]);
        if (!body.TryGetProperty("kind", out var kind))
            return new ReceiptReading.Genuine([]);

        var id = body.GetProperty("messageId").GetString()!;
        return new ReceiptReading.Genuine([
            new Receipt
            {
                Kind = Enum.Parse<ReceiptKind>(kind.GetString()!),
                Id = $"{kind} {id}",
                At = DateTimeOffset.UnixEpoch,
                ProviderMessageId = id,
                Addresses = body.TryGetProperty("address", out var address) ? [address.GetString()!] : [],
                Reason = body.TryGetProperty("address", out var named) ? $"550 5.1.1 <{named}>: user unknown" : null,
            },
        ]);
    }
}
