using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Subscriptions;

namespace NotificationBus.Channels.Webhook;

/// <summary>
/// Calls those who subscribe to what becomes of notifications, as Standard Webhooks. Redirects are not followed, and what counts is the
/// address that is connected to (<see cref="AddressGuard"/>). Source: github.com/standard-webhooks/standard-webhooks,
/// spec/standard-webhooks.md.
/// </summary>
public sealed class WebhookCaller : IWebhookCaller, IDisposable
{
    static readonly WebhookContent NothingToHide = new(JsonElement.Parse("{}"));

    readonly WebhooksOptions _options;
    readonly TimeProvider _clock;
    readonly HttpCalls _calls;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="options">How subscribers are told.</param>
    /// <param name="clock">Dates the signatures, ends what takes too long, and reads dates in answers.</param>
    public WebhookCaller(IOptions<WebhooksOptions> options, TimeProvider clock)
        : this(options.Value, clock, new AddressGuard()) { }

    internal WebhookCaller(WebhooksOptions options, TimeProvider clock, AddressGuard guard)
    {
        (_options, _clock) = (options, clock);
        _calls = new HttpCalls(options.Timeout, clock, guard.Allowing(options.AllowPrivateAddresses)) { StatusSaysItAll = IsTaken };
    }

    /// <inheritdoc />
    public string? Refuse(string url) => AddressGuard.RefuseUnless(url, _options.AllowPrivateAddresses, "Webhooks:AllowPrivateAddresses");

    /// <inheritdoc />
    public async Task<WebhookAnswer> Post(WebhookCall call, CancellationToken cancellationToken)
    {
        // A setting may have changed since it was subscribed.
        if (Refuse(call.Url) is { } wrong)
            return new WebhookAnswer(WebhookVerdict.Failed, $"was not called: {wrong}");

        var request = new HttpRequestMessage(HttpMethod.Post, call.Url) { Content = new ByteArrayContent(call.Body.ToArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        StandardWebhook.Sign(request, $"{call.Id}", _clock.GetUtcNow(), call.Keys);
        return await _calls.Make(request, Hiding(call), secrets: [], Translate, cancellationToken) switch
        {
            ProviderResult.Accepted => new WebhookAnswer(WebhookVerdict.Delivered, "took it"),
            ProviderResult.Rejected { AddressIsWrong: true } gone => new WebhookAnswer(WebhookVerdict.Gone, gone.Reason),
            ProviderResult.Rejected rejected => new WebhookAnswer(WebhookVerdict.Failed, rejected.Reason),
            ProviderResult.Unavailable unavailable => new WebhookAnswer(WebhookVerdict.Failed, unavailable.Reason, unavailable.RetryAfter),
            ProviderResult.InDoubt inDoubt => new WebhookAnswer(WebhookVerdict.Failed, inDoubt.Reason),
            var other => throw new NotSupportedException($"{other.GetType().Name} is no answer of a subscriber"),
        };
    }

    /// <inheritdoc />
    public void Dispose() => _calls.Dispose();

    static bool IsTaken(int status) => status is >= 200 and < 300;

    static ProviderResult Translate(HttpAnswer answer) =>
        answer.Status switch
        {
            _ when IsTaken(answer.Status) => new ProviderResult.Accepted(null),
            410 => new ProviderResult.Rejected($"{answer}: the subscriber wants no more", AddressIsWrong: true),
            >= 300 and < 400 => new ProviderResult.Unavailable($"answered {answer.Status}: redirects are not followed"),
            _ => new ProviderResult.Unavailable($"{answer}", answer.RetryAfter),
        };

    // The path of the address may be a secret.
    static Delivery Hiding(WebhookCall call) =>
        new()
        {
            NotificationId = call.Id,
            Id = call.Id,
            Channel = "webhook",
            Address = call.Url,
            Category = "subscription",
            Content = NothingToHide,
        };
}
