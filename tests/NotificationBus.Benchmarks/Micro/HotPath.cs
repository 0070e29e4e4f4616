using System.Text.Json;
using BenchmarkDotNet.Attributes;
using MassTransit.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Contracts;
using NotificationBus.Host;
using NotificationBus.Host.Settings;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Templates;

namespace NotificationBus.Benchmarks.Micro;

/// <summary>
/// What every notification does in the program, each by itself: planning, filling a template, writing and reading a command.
/// </summary>
[InProcess]
[MemoryDiagnoser]
public class HotPath
{
    const string Category = "order-placed";

    WebApplication? _host;
    ITemplates _templates = null!;
    ChannelSet _channels = null!;
    EventTypeOptions _rule = null!;
    IChannel _email = null!;
    NotificationRequest _request = null!;
    SendDelivery _command = null!;
    byte[] _body = [];

    /// <summary>The parts as the host puts them together.</summary>
    [GlobalSetup]
    public void Build()
    {
        _host = NotificationHost.Build(["--Serilog:MinimumLevel:Default=Warning"]);
        _templates = _host.Services.GetRequiredService<ITemplates>();
        _channels = _host.Services.GetRequiredService<ChannelSet>();
        _rule = _host.Services.GetRequiredService<HostSettings>().EventTypes[Category];
        _email = _channels.Find("email")!;

        var id = Guid.CreateVersion7();
        var data = JsonElement.Parse(
            """{"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":"""
                + """{"name":"Nok"},"seller":{"name":"Som"}}"""
        );
        _request = new NotificationRequest
        {
            NotificationId = id,
            EventName = Category,
            EventId = $"{id}",
            Category = Category,
            Recipient = new Contact
            {
                Id = "seller-42",
                Name = "Som",
                Locale = "en",
                Email = "som@example.com",
                PushTokens = ["seller-42-phone"],
            },
            Data = data,
        };
        _command = new SendDelivery
        {
            NotificationId = id,
            DeliveryId = Guid.CreateVersion7(),
            Channel = "email",
            Address = "som@example.com",
            Category = Category,
            RecipientId = "seller-42",
            RecipientName = "Som",
            Locale = "en",
            Data = data,
            ExpiresAt = Clock.Now.AddDays(1),
        };
        _body = WriteCommand();
    }

    [GlobalCleanup]
    public async Task Dispose() => await _host!.DisposeAsync();

    [Benchmark]
    public DeliveryPlan Plan() => DeliveryPlanner.Plan(_request, _rule, _channels, _templates);

    [Benchmark]
    public Content FillEmail() => _templates.Render(Category, _email, "en", "Som", _request.Data);

    [Benchmark]
    public byte[] WriteCommand() => JsonSerializer.SerializeToUtf8Bytes(_command, SystemTextJsonMessageSerializer.Options);

    [Benchmark]
    public SendDelivery? ReadCommand() => JsonSerializer.Deserialize<SendDelivery>(_body, SystemTextJsonMessageSerializer.Options);
}
