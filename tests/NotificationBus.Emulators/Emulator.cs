using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Emulators.Vendors;

namespace NotificationBus.Emulators;

/// <summary>
/// All vendors on one port, each below its name, and those that speak HTTP/2 on another: without TLS a port speaks one or the other.
/// </summary>
sealed class Emulator : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Reporter _reporter;

    Emulator(int port, int http2Port, int seed, TimeProvider clock)
    {
        _reporter = new Reporter(clock);
        // Drawn by one generator for each vendor, so that the others' requests do not change what fits.
        Vendors = [.. AllVendors().Select(vendor => new EmulatedVendor(vendor, new Random(seed), clock, _reporter))];

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        // Nothing that hangs on purpose keeps the program from ending.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
                kestrel.Listen(IPAddress.Loopback, http2Port, listen => listen.Protocols = HttpProtocols.Http2);
            });
        _app = builder.Build();
        _app.MapEmulator(this);
        _app.MapFallback("{**path}", Converse);
    }

    /// <summary>The vendors.</summary>
    public IReadOnlyList<EmulatedVendor> Vendors { get; }

    /// <summary>Where the switches are, and all vendors that speak HTTP/1.1.</summary>
    public Uri Url => new(_app.Urls.First());

    /// <summary>Where vendors are that speak HTTP/2.</summary>
    public Uri Http2Url => new(_app.Urls.Last());

    /// <summary>Begins to listen on the loopback address.</summary>
    /// <param name="port">The port; 0 for a free one.</param>
    /// <param name="http2Port">The port for HTTP/2; 0 for a free one.</param>
    /// <param name="seed">Chance begins here: the same requests in the same order meet the same faults.</param>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<Emulator> Start(int port = 0, int http2Port = 0, int seed = 1)
    {
        var emulator = new Emulator(port, http2Port, seed, TimeProvider.System);
        await emulator._app.StartAsync();
        return emulator;
    }

    /// <summary>A vendor by its name.</summary>
    public EmulatedVendor this[string name] => Find(name) ?? throw new ArgumentException($"there is no vendor {name}", nameof(name));

    /// <summary>A vendor by its name, or null.</summary>
    public EmulatedVendor? Find(string name) => Vendors.FirstOrDefault(emulated => emulated.Vendor.Name == name);

    /// <summary>The address of a vendor: what an account has as its <c>Url</c>.</summary>
    public Uri UrlOf(Vendor vendor) => new(vendor.IsHttp2 ? Http2Url : Url, $"/{vendor.Name}");

    /// <summary>What a host must be told to use a vendor under the name of an account.</summary>
    public IReadOnlyList<(string Key, string Value)> SettingsOf(string name, string? account = null)
    {
        var vendor = this[name].Vendor;
        var url = UrlOf(vendor);
        // Where a webhook is posted to, the recipient's contact says.
        (string, string)[] common = name == "webhook" ? [("Type", name)] : [("Type", name), ("Url", url.AbsoluteUri)];
        return [.. common.Concat(vendor.Settings(url)).Select(setting => ($"Providers:{account ?? name}:{setting.Item1}", setting.Item2))];
    }

    /// <summary>Waits until it is told to end.</summary>
    public Task WaitForShutdown(CancellationToken cancellationToken) => _app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _reporter.DisposeAsync();
    }

    static IEnumerable<Vendor> AllVendors() =>
        [
            new SendGrid(),
            new Brevo(),
            new Ses(),
            new Resend(),
            new Postmark(),
            new Fcm(),
            new Apns(),
            new WebPush(),
            new Twilio(),
            new Vonage(),
            new Slack(),
            new SlackWebhook(),
            new Teams(),
            new Telegram(),
            new Discord(),
            new Line(),
            new Webhook(),
            new Gateway(),
        ];

    async Task Converse(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var end = path.IndexOf('/', 1);
        if (Find(end < 0 ? path[1..] : path[1..end]) is not { } vendor)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync(
                $"There is no such vendor; there are {string.Join(", ", Vendors.Select(emulated => emulated.Vendor.Name))}.\n"
            );
            return;
        }

        try
        {
            await vendor.Converse(context, (end < 0 ? "/" : path[end..]) + context.Request.QueryString);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            // The caller has left.
        }
    }
}
