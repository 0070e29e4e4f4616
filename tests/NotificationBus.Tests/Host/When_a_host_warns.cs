using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NotificationBus.Host.Settings;

namespace NotificationBus.Tests.Host;

/// <summary>D: what is unsafe starts in Production without a warning. Debts: a setting for an account that no channel names.</summary>
public sealed class When_a_host_warns
{
    const string Smtp =
        "--Channels:email:Providers=smtp --Providers:smtp:Host=mail.example.com --Providers:smtp:From=shop@example.com "
        + "--Providers:smtp:Security=None";
    const string Webhook =
        "--Channels:webhook:Providers=webhook --Providers:webhook:Secret=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const string Unsafe =
        "--Environment=Production --Inbox=true --AllowedHosts=* "
        + Smtp
        + " --Providers:smtp:AllowPlaintext=true "
        + Webhook
        + " --Providers:webhook:AllowPrivateAddresses=true"
        + " --Channels:sms:Providers=gateway --Providers:gateway:Type=http --Providers:gateway:Url=http://sms.example.com/send";

    [Theory]
    [InlineData("Inbox=true shows every caught delivery")]
    [InlineData("AllowedHosts=* takes every name")]
    [InlineData("Providers:smtp:AllowPlaintext=true sends")]
    [InlineData("Providers:webhook:AllowPrivateAddresses=true lets")]
    [InlineData("Providers:gateway:Url sends what it says")]
    public async Task Should_name_what_is_unsafe_in_production_alone(string warning)
    {
        await using var production = await Started(Unsafe);
        (await production.Line(line => line.Contains(warning, StringComparison.Ordinal))).ShouldStartWith("Warning: ");

        await using var development = await Started(
            Unsafe.Replace("Production", "Development", StringComparison.Ordinal) + " --Providers:unused:Type=sandbox"
        );
        await development.Line(line => line.Contains("Providers:unused", StringComparison.Ordinal));
        development.Logged.ShouldNotContain(line => line.Contains(warning, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--Providers:backup:Type=sandbox", "Providers:backup is set, but no channel names it: nothing is sent by backup")]
    [InlineData(
        "--Providers:resend:ApiKey=re_1 --Providers:resend:From=shop@example.com",
        "Providers:resend is set, but no channel names it"
    )]
    [InlineData("--Providers:snadbox:Type=sandbox", "; did you mean sandbox?")]
    public async Task Should_name_an_account_that_nothing_uses(string settings, string warning)
    {
        await using var host = await Started(settings);

        (await host.Line(line => line.Contains(warning, StringComparison.Ordinal))).ShouldStartWith("Warning: ");
    }

    [Fact]
    public async Task Should_say_nothing_of_what_is_as_it_should_be()
    {
        await using var host = await Started(
            "--Channels:email:Providers=sandbox,backup --Providers:backup:Type=sandbox --Channels:sms:Routes:0:When:Countries=TH "
                + "--Channels:sms:Routes:0:Providers=thai --Providers:thai:Type=sandbox"
        );
        await host.Line(line => line.Contains("runs embedded", StringComparison.Ordinal));

        host.Logged.ShouldNotContain(line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_say_that_a_key_is_not_asked_for()
    {
        await using var host = await Started($"--Auth:FirstKey={HostWithKeys.FirstKey}");

        (await host.Line(line => line.Contains("Auth:FirstKey has no effect", StringComparison.Ordinal))).ShouldStartWith("Warning: ");
    }

    [Fact]
    public async Task Should_ask_whoever_is_registered_and_again_who_cannot_say_yet()
    {
        await using var host = new RunningHost
        {
            Configure = services => services.AddSingleton<IStartWarnings, Late>().AddSingleton<IStartWarnings, Foreign>(),
        };
        await host.InitializeAsync();

        (await host.Line(line => line.Contains("a stranger warns", StringComparison.Ordinal))).ShouldStartWith("Warning: ");
        host.Logged.ShouldContain(line => line.StartsWith("Information: Whether Late has to warn is not known", StringComparison.Ordinal));
        (await host.Line(line => line.Contains("is back and warns", StringComparison.Ordinal))).ShouldStartWith("Warning: ");
    }

    static async Task<RunningHost> Started(string settings)
    {
        var host = new RunningHost { Settings = settings.Split(' ') };
        await host.InitializeAsync();
        return host;
    }

    sealed class Late : IStartWarnings
    {
        int _asked;

        public Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken) =>
            ++_asked == 1
                ? throw new InvalidOperationException("away")
                : Task.FromResult<IReadOnlyList<string>>(["one that was away is back and warns"]);
    }

    sealed class Foreign : IStartWarnings
    {
        public Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<string>>(["a stranger warns"]);
    }
}

/// <summary>D: certificates are named and checked at start.</summary>
public sealed class When_a_certificate_is_wrong : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("notificationbus-certificates-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--Kestrel:Certificates:Default:Path={folder}/none.pfx", "Kestrel:Certificates:Default:Path: there is no such file")]
    [InlineData("--Kestrel:Certificates:Default:Path={folder}", "Kestrel:Certificates:Default:Path: is a folder; name the file")]
    [InlineData(
        "--Kestrel:Certificates:Default:Path={folder}/good.pfx --Kestrel:Certificates:Default:Password=wrong-canary",
        "Kestrel:Certificates:Default:Password does not open the file"
    )]
    [InlineData("--Kestrel:Certificates:Default:Path={folder}/good.pfx", "Kestrel:Certificates:Default:Password does not open the file")]
    [InlineData(
        "--Kestrel:Certificates:Default:Path={folder}/good.pem",
        "Kestrel:Certificates:Default:Password does not open the file, or it is no PKCS #12 (.pfx); "
            + "one in PEM needs Kestrel:Certificates:Default:KeyPath"
    )]
    [InlineData(
        "--Kestrel:Certificates:Default:Path={folder}/good.pem --Kestrel:Certificates:Default:KeyPath={folder}/none.key",
        "Kestrel:Certificates:Default:KeyPath: there is no such file"
    )]
    [InlineData(
        "--Kestrel:Certificates:Default:Path={folder}/good.pem --Kestrel:Certificates:Default:KeyPath={folder}/other.key",
        "Kestrel:Certificates:Default: the files are no certificate in PEM and its own private key"
    )]
    [InlineData(
        "--Kestrel:Certificates:Default:Path={folder}/noise.pem --Kestrel:Certificates:Default:KeyPath={folder}/good.key",
        "Kestrel:Certificates:Default: the files are no certificate in PEM"
    )]
    [InlineData(
        "--Kestrel:Certificates:Default:Paht={folder}/good.pem --Kestrel:Certificates:Default:Subject=shop",
        "Kestrel:Certificates:Default:Paht is unknown, allowed here are Path, KeyPath"
    )]
    [InlineData("--Kestrel:Certificates:Default:KeyPath={folder}/good.key", "Kestrel:Certificates:Default:Path is missing")]
    [InlineData(
        "--Kestrel:Endpoints:Https:Certificate:Path={folder}/none.pfx",
        "Kestrel:Endpoints:Https:Certificate:Path: there is no such file"
    )]
    [InlineData(
        "--Kestrel:Certificates:Default:Path={folder}/later.pem --Kestrel:Certificates:Default:KeyPath={folder}/later.key",
        "Kestrel:Certificates:Default: is not valid before"
    )]
    public async Task Should_stop_the_host_with_a_line_that_names_it(string settings, string expected)
    {
        Write("good", days: 300);
        Write("other", days: 300);
        Write("later", days: 300, from: 10);
        await File.WriteAllTextAsync(Path.Combine(_folder, "noise.pem"), "-----BEGIN CERTIFICATE-----\nnoise\n-----END CERTIFICATE-----\n");
        using var error = new StringWriter();

        var exit = await NotificationBus.Host.NotificationHost.Run(
            ["--Urls=https://127.0.0.1:0", .. settings.Replace("{folder}", _folder, StringComparison.Ordinal).Split(' ')],
            TextWriter.Null,
            error
        );

        var line = error.ToString().Trim();
        line.ShouldStartWith(expected);
        (exit, line.Contains('\n', StringComparison.Ordinal), line.Contains("canary", StringComparison.Ordinal)).ShouldBe(
            (2, false, false)
        );
    }

    [Theory]
    [InlineData("pfx", 300, null)]
    [InlineData("pem", 300, null)]
    [InlineData("pem", 10, "the certificate expires on")]
    [InlineData("pfx", -1, "the certificate has expired on")]
    public async Task Should_serve_with_the_right_one_and_say_when_it_grows_old(string form, int days, string? warning)
    {
        Write("good", days);
        await using var host = new RunningHost
        {
            Settings =
            [
                "--Urls=https://127.0.0.1:0",
                "--PublicUrls=https://127.0.0.1:0",
                $"--Kestrel:Certificates:Default:Path={_folder}/good.{form}",
                "--Providers:unused:Type=sandbox",
                form == "pfx"
                    ? "--Kestrel:Certificates:Default:Password=right"
                    : $"--Kestrel:Certificates:Default:KeyPath={_folder}/good.key",
            ],
        };
        await host.InitializeAsync();
#pragma warning disable MA0039 // It signs itself: which one it is, is all there is to ask.
        using var client = new HttpClient(
            new HttpClientHandler
            {
                ServerCertificateCustomValidationCallback = (_, certificate, _, _) => certificate!.Subject == "CN=good",
            }
        );
#pragma warning restore MA0039

        (await client.GetAsync(new Uri(host.Client.BaseAddress!, "/health/live"))).StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        (await client.GetAsync(new Uri(host.Public, "/health/live"))).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
        if (warning is null)
            await host.Line(line => line.Contains("Providers:unused", StringComparison.Ordinal));
        else
            (await host.Line(line => line.Contains(warning, StringComparison.Ordinal))).ShouldStartWith(
                "Warning: Kestrel:Certificates:Default: "
            );
        (warning is not null || !host.Logged.Any(line => line.Contains("the certificate", StringComparison.Ordinal))).ShouldBeTrue();
    }

    void Write(string name, int days, int from = -20)
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            $"CN={name}",
            key,
            System.Security.Cryptography.HashAlgorithmName.SHA256
        );
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(from), now.AddDays(days));
        File.WriteAllText(Path.Combine(_folder, $"{name}.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllBytes(
            Path.Combine(_folder, $"{name}.pfx"),
            certificate.Export(System.Security.Cryptography.X509Certificates.X509ContentType.Pkcs12, "right")
        );
    }
}

/// <summary>Debts: the log says which settings need a restart.</summary>
public sealed class When_a_file_of_settings_changes : IDisposable
{
    readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("notificationbus-settings-").FullName, "own.json");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Theory]
    [InlineData(
        """{"Sweep":{"After":"00:20:00"},"Channels":{"email":{"Concurrency":7}}}""",
        "Warning: A file of settings has changed. In force only when the host is started again: Channels:email:Concurrency, Sweep:After"
    )]
    [InlineData(
        """{"Sweep":{"After":"00:10:00"},"Serilog":{"MinimumLevel":{"Default":"Debug"}}}""",
        "Information: A file of settings has changed. In force at once: Serilog:MinimumLevel:Default"
    )]
    [InlineData(
        """{"Sweep":{"After":"soon"}}""",
        "Error: A file of settings has changed, and the host would not start with it: Sweep:After must be a time"
    )]
    [InlineData("""{"Sweep":""", "Error: The file of settings own.json is no JSON any more")]
    public async Task Should_say_what_needs_a_restart(string changed, string expected)
    {
        await File.WriteAllTextAsync(_file, """{"Sweep":{"After":"00:10:00"}}""");
        var configuration = new ConfigurationManager();
        configuration.AddJsonFile(_file, optional: false, reloadOnChange: true);
        using var log = new KeptLog();
        using var watch = new ChangedSettings(configuration, new LoggerFactory([log]).CreateLogger<ChangedSettings>());
        await watch.StartAsync(CancellationToken.None);

        await File.WriteAllTextAsync(_file, changed);

        var waiting = System.Diagnostics.Stopwatch.StartNew();
        while (!log.Lines.Any(line => line.StartsWith(expected, StringComparison.Ordinal)))
        {
            waiting.Elapsed.ShouldBeLessThan(RunningHost.Patience, string.Join('\n', log.Lines));
            await Task.Delay(20);
        }
    }
}
