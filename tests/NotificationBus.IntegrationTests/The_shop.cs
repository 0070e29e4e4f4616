using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>A service that posts its events over HTTP.</summary>
static class The_shop
{
    /// <summary>Places an order, which tells its seller by e-mail, and by push where a token is named.</summary>
    /// <returns>The id of the notification.</returns>
    public static async Task<Guid> Places(IRunningHost host, string eventId, string? mailbox = null, string? pushToken = null)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/events/order-placed",
            new OrderPlaced
            {
                EventId = eventId,
                OrderId = "4711",
                Product = "Blue ceramic bowl",
                Total = new Money(590, "THB"),
                Buyer = new Contact { Id = "buyer-7" },
                Seller = new Contact
                {
                    Id = "seller-42",
                    Name = "Som",
                    Email = mailbox ?? $"{eventId}@example.com",
                    PushTokens = pushToken is null ? [] : [pushToken],
                },
            },
            JsonSerializerOptions.Web
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("notifications")[0].GetProperty("id").GetGuid();
    }
}
