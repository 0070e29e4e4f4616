using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NotificationBus.Channels;
using NotificationBus.Channels.Http;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Templates;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Templates;
using NotificationBus.Tests.TestKit;
using NotificationBus.Wiring;

namespace NotificationBus.Tests.Channels;

/// <summary>A company adds a channel and a vendor of its own, with what is public and nothing else.</summary>
public sealed class When_a_channel_comes_from_elsewhere : IAsyncLifetime
{
    readonly ScriptedHttpServer _vendor = new();
    readonly TaskCompletionSource<NotificationDelivered> _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TemplateFolder _templates = new TemplateFolder().Write("news/fax.en.liquid", "--- page\nDear {{recipient.name}}: {{text}}\n");
    IHost? _host;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Providers:acme:Type"] = "acme-fax",
                ["Providers:acme:Url"] = _vendor.Url.GetLeftPart(UriPartial.Authority),
                ["Providers:acme:Line"] = "7",
            }
        );
        var services = builder.Services;
        services.AddNotificationBus(
            new Dictionary<string, EventTypeOptions>(StringComparer.Ordinal) { ["news"] = new() { Channels = ["fax"] } },
            new Dictionary<string, ChannelOptions>(StringComparer.Ordinal)
            {
                ["fax"] = new() { Providers = ["acme"] },
                ["email"] = new() { Providers = ["sandbox"] },
                ["push"] = new() { Providers = ["sandbox"] },
                ["sms"] = new() { Providers = ["sandbox"] },
                ["chat"] = new() { Providers = ["sandbox"] },
                ["webhook"] = new() { Providers = ["sandbox"] },
            }
        );
        services.AddChannels();
        services.AddChannel<FaxChannel>().Provider<AcmeFaxProvider, AcmeFaxOptions>("acme-fax");
        services.AddSingleton<ITemplates>(provider => LiquidTemplates.Load(_templates.Path, provider.GetServices<IChannel>()));
        services.AddInMemoryStore().AddSaga();
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddNotificationFlow();
            bus.UsingInMemory(
                (context, transport) =>
                {
                    transport.UseOutgoingScheduler(context);
                    transport.ReceiveNotifications<IInMemoryReceiveEndpointConfigurator>(context, _ => { });
                    transport.ReceiveEndpoint(
                        "somebody-elses",
                        endpoint =>
                            endpoint.Handler<NotificationDelivered>(delivered =>
                            {
                                _delivered.TrySetResult(delivered.Message);
                                return Task.CompletedTask;
                            })
                    );
                }
            );
        });
        services.Configure<MassTransitHostOptions>(bus => bus.WaitUntilStarted = true);
        _host = builder.Build();
        await _host.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _host!.StopAsync(Cancellation);
        _host.Dispose();
        await _vendor.DisposeAsync();
        _templates.Dispose();
    }

    [Fact]
    public async Task Should_carry_a_notification_all_the_way()
    {
        _vendor.Answers("200 OK", """{"fax":"f-1"}""");

        await _host!
            .Services.GetRequiredService<IBus>()
            .Publish(
                new NotificationRequested
                {
                    EventId = "news-1",
                    Category = "news",
                    Recipient = new Contact
                    {
                        Id = "seller-42",
                        Name = "Som",
                        PushTokens = ["fax:+6621234567"],
                    },
                    Data = JsonElement.Parse("""{"text":"We are open."}"""),
                },
                Cancellation
            );

        (await _delivered.Task.WaitAsync(Pulse.Patience, Cancellation)).RecipientId.ShouldBe("seller-42");
        var (head, body) = _vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /fax HTTP/1.1");
        body.ShouldBe("""{"number":"+6621234567","page":"Dear Som: We are open.","line":7}""");
    }

    sealed record FaxContent(string Page) : Content;

    sealed class FaxChannel : IChannel
    {
        public string Name => "fax";

        public IReadOnlyList<TemplatePart> Parts { get; } = [new("page")];

        public IEnumerable<string> AddressesOf(Contact recipient) =>
            recipient.PushTokens.Where(token => token.StartsWith("fax:", StringComparison.Ordinal)).Select(token => token["fax:".Length..]);

        public string? Refuse(string address) => address.StartsWith('+') ? null : "the number does not begin with a plus";

        public Content Fill(IReadOnlyDictionary<string, string> parts) => new FaxContent(parts["page"].Trim());
    }

    sealed class AcmeFaxOptions : HttpVendorOptions
    {
        [Range(1, 9, ErrorMessage = "must be from {1} to {2}")]
        public int Line { get; set; } = 1;

        protected override string DefaultUrl => "https://fax.example.com";
    }

    sealed class AcmeFaxProvider(string name, AcmeFaxOptions options, TimeProvider clock) : HttpVendor(name, "fax", options, clock)
    {
        protected override HttpRequestMessage Request(Delivery delivery) =>
            Post(
                "/fax",
                Json(
                    new
                    {
                        number = delivery.Address,
                        page = ((FaxContent)delivery.Content).Page,
                        line = options.Line,
                    }
                )
            );

        protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
            answer.Status == 200 && answer.Id("fax") is { } id ? new ProviderResult.Accepted(id) : ByStatus(answer);
    }
}
