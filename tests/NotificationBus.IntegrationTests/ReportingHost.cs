using System.Net;
using System.Net.Http.Headers;
using System.Text;
using NotificationBus.Receipts;
using NotificationBus.Tests.Host;

namespace NotificationBus.IntegrationTests;

/// <summary>The whole host on real servers, with a provider of the tests, whose vendor reports.</summary>
sealed class ReportingHost : IAsyncDisposable
{
    readonly HostInProcess _host;

    ReportingHost(HostInProcess host, ReportingProvider provider)
    {
        _host = host;
        Provider = provider;
    }

    public ReportingProvider Provider { get; }

    public HttpClient Client => _host.Client;

    public static async Task<ReportingHost> Start(Uri broker, string database, params (string Key, string Value)[] settings)
    {
        var provider = new ReportingProvider("letters");
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "letters",
            ["Providers:letters:Type"] = "reporting",
            ["EventTypes:order-placed:Mode"] = "FirstThatWorks",
        };
        foreach (var (key, value) in settings)
            all[key] = value;

        return new ReportingHost(await HostInProcess.Start(broker, database, all, provider.AddTo), provider);
    }

    /// <summary>Posts an order, a new one unless it is named.</summary>
    public async Task Order(string? eventId = null)
    {
        using var answer = await Post(
            "/v1/events/order-placed",
            $$$"""
            {"eventId":"{{{eventId
                ?? $"{Guid.CreateVersion7()}"}}}","orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},
             "buyer":{"id":"buyer-7"},"seller":{"id":"seller-42","email":"som@example.com","pushTokens":["demo-token"]}}
            """
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    /// <summary>Posts, as the vendor does, what became of the mail that was sent last.</summary>
    public Task<HttpResponseMessage> Report(ReceiptKind kind) =>
        Post("/v1/receipts/letters", ReportingProvider.Report(kind, ReportingProvider.MessageIdOf(Provider.Calls.Last().Id)));

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    async Task<HttpResponseMessage> Post(string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json))
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
        };
        request.Headers.TryAddWithoutValidation(ReportingProvider.Signature, ReportingProvider.Genuine);
        return await Client.SendAsync(request);
    }
}
