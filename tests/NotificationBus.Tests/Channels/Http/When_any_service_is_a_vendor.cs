using NotificationBus.Channels.Http;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_any_service_is_a_vendor : Any_vendor<When_any_service_is_a_vendor>, IVendorSituation
{
    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("taken", "201 Created", """{"id":"m-1"}""", Outcome.Accepted) { MessageId = "m-1" },
            new("an id nobody can keep", "201 Created", $$"""{"id":"{{new string('m', 201)}}"}""", Outcome.InDoubt),
            new("no key", "401 Unauthorized", "", Outcome.Misconfigured) { Says = "check the credentials" },
        ];

    public static IReadOnlyList<string> Secrets => ["k-0123456789"];

    public static Delivery ADelivery => With_a_scripted_service.ADelivery() with { RecipientName = "Somchai" };

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new HttpProvider(
            "gateway",
            "push",
            new HttpProviderOptions
            {
                Url = url,
                Timeout = timeout,
                MessageIdPath = "id",
                Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = "Bearer k-0123456789" },
            },
            clock
        );
}
