using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Tests.Host;

/// <summary>D: answers of /v1 lack no-store and nosniff. Every route there is, let in, turned away and called wrongly.</summary>
public sealed partial class When_anything_is_answered(HostWithKeys keyed) : IClassFixture<HostWithKeys>, IDisposable
{
    readonly RunningHost _host = keyed.Host;

    // One that follows shows nothing of what led it on.
    readonly HttpClient _client = new(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = keyed.Host.Client.BaseAddress };

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task Should_say_to_browsers_and_caches_what_they_may_do_with_it()
    {
        var routes = The_scopes_of_routes.Routes(_host);
        routes.Count.ShouldBeGreaterThan(50);
        var statuses = new HashSet<HttpStatusCode>();
        foreach (var (name, method, path, _) in routes)
        {
            foreach (var key in (string?[])[null, "nb_shop_0", HostWithKeys.FirstKey])
                statuses.Add(await ShouldBeGuarded(method, Filled(path), key, name));
            statuses.Add(await ShouldBeGuarded("PATCH", Filled(path), HostWithKeys.FirstKey, name));
        }

        statuses.Add(await ShouldBeGuarded("GET", "/v1/nothing", HostWithKeys.FirstKey, "no route"));
        statuses.Add(await ShouldBeGuarded("GET", "/V1/providers", HostWithKeys.FirstKey, "not plain"));
        foreach (var status in (int[])[200, 302, 400, 401, 404, 405, 415])
            statuses.ShouldContain((HttpStatusCode)status);
    }

    /// <summary>What is kept anywhere holds nobody's address.</summary>
    [Fact]
    public async Task Should_let_nothing_be_kept_but_the_parts_of_pages()
    {
        var kept = new List<string>();
        foreach (var (name, method, path, _) in The_scopes_of_routes.Routes(_host))
        {
            using var answer = await Send(method, Filled(path), HostWithKeys.FirstKey);
            if (answer.Headers.CacheControl?.NoStore != true)
                kept.Add(name);
        }

        // Styles and scripts of the console, with the hash of what is in them in their names.
        kept.RemoveAll(name =>
            name.StartsWith("GET /_content/", StringComparison.Ordinal) || name.StartsWith("GET /_framework/", StringComparison.Ordinal)
        );
        kept.Distinct(StringComparer.Ordinal)
            .ShouldBe(
                [
                    "GET /inbox",
                    "GET /inbox/inbox.css",
                    "GET /inbox/inbox.js",
                    "GET /inbox/examples.js",
                    "GET /docs/scalar.js",
                    "GET /docs/scalar.aspnetcore.js",
                    "GET /docs/favicon.svg",
                ],
                ignoreOrder: true
            );
    }

    /// <summary>Every body that is taken: too large, too deep.</summary>
    [Fact]
    public async Task Should_be_no_more_than_a_body_may_be()
    {
        const int Deep = 65;
        var document = (await _host.Send(HttpMethod.Get, "/openapi/v1.json", null, Key)).Json;
        var bodies = (
            from path in document.GetProperty("paths").EnumerateObject()
            from operation in path.Value.EnumerateObject()
            where operation.Value.TryGetProperty("requestBody", out _)
            select (
                Method: new HttpMethod(operation.Name.ToUpperInvariant()),
                Path: Filled(path.Name),
                Name: $"{operation.Name} {path.Name}"
            )
        )
            .Where(body => !body.Path.StartsWith("/v1/unsubscribe/", StringComparison.Ordinal))
            .ToList();

        bodies.Count.ShouldBeGreaterThan(15);
        foreach (var (method, path, name) in bodies)
        {
            // Many in one call may be more than one alone: When_many_are_asked_for_in_one_call.
            if (!path.EndsWith("/batch", StringComparison.Ordinal))
            {
                var large = await _host.Send(method, path, Body($"{{\"by\":\"{new string('a', 300 * 1024)}\"}}"), Key);
                large.ShouldBeProblem(HttpStatusCode.RequestEntityTooLarge, "too-large");
            }

            var deep = await _host.Send(method, path, Body($"{{\"by\":{new string('[', Deep)}{new string(']', Deep)}}}"), Key);
            ((int)deep.Status).ShouldBe(400, name);
        }
    }

    [Fact]
    public async Task Should_be_asked_for_over_https_alone_from_then_on()
    {
        using var folder = new TemporaryCertificate();
        await using var host = new RunningHost
        {
            Settings =
            [
                "--Urls=https://127.0.0.1:0",
                $"--Kestrel:Certificates:Default:Path={folder.Certificate}",
                $"--Kestrel:Certificates:Default:KeyPath={folder.Key}",
            ],
        };
        await host.InitializeAsync();
        using var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck,
                    CustomTrustStore = { folder.Trusted },
                },
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = host.Client.BaseAddress };

        (await Policy("notify.internal")).ShouldBe("max-age=31536000");
        (await Policy("localhost")).ShouldBeNull("a browser would remember it for what developers serve there");
        (await _host.Send(HttpMethod.Get, "/health/live")).Headers.Contains("Strict-Transport-Security").ShouldBeFalse("RFC 6797, 7.2");

        async Task<string?> Policy(string name)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live") { Headers = { Host = name } };
            using var answer = await client.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return answer.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values.Single() : null;
        }
    }

    static (string, string) Key => ("Authorization", $"Bearer {HostWithKeys.FirstKey}");

    async Task<HttpStatusCode> ShouldBeGuarded(string method, string path, string? key, string name)
    {
        using var answer = await Send(method, path, key);
        var why = $"{method} {name}: {(int)answer.StatusCode}";
        answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"], why);
        answer.Headers.GetValues("Referrer-Policy").ShouldBe(["no-referrer"], why);
        answer.Headers.GetValues("Cross-Origin-Resource-Policy").ShouldBe(["same-origin"], why);
        answer.Headers.CacheControl.ShouldNotBeNull(why);
        answer.Headers.Contains("Server").ShouldBeFalse(why);
        var policy = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem(why);
        policy.ShouldStartWith("default-src 'none'; ", Case.Sensitive, why);
        policy.ShouldContain("frame-ancestors 'none'", Case.Sensitive, why);
        policy.Contains("script-src", StringComparison.Ordinal).ShouldBe(IsPage(path, answer.StatusCode), why);
        Scripts().Match(policy).Value.ShouldNotContain("unsafe", Case.Insensitive, why);
        return answer.StatusCode;
    }

    static bool IsPage(string path, HttpStatusCode status) =>
        path
            is "/inbox"
                or "/inbox/inbox.css"
                or "/inbox/inbox.js"
                or "/inbox/examples.js"
                or "/docs/v1"
                or "/sign-in"
                or "/overview"
                or "/texts/versions"
                or "/problems"
                or "/find"
                or "/decisions"
                or "/failures"
                or "/providers"
                or "/event-types"
                or "/suppressions"
                or "/texts"
                or "/marketplace"
                or "/diary"
                or "/keys"
                or "/notifications"
                or "/notifications/00000000-0000-0000-0000-000000000000"
                or "/subscriptions"
                or "/subscriptions/00000000-0000-0000-0000-000000000000"
                or "/repairs"
                or "/repairs/00000000-0000-0000-0000-000000000000"
        // A key that is refused at the door is asked for once more.
        && (status == HttpStatusCode.OK || (path == "/sign-in" && status == HttpStatusCode.BadRequest));

    async Task<HttpResponseMessage> Send(string method, string path, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        // A stream has no end.
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    static ByteArrayContent Body(string json) =>
        new(Encoding.UTF8.GetBytes(json)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    static string Filled(string path) =>
        Parameter()
            .Replace(
                path,
                match =>
                    match.Value.Contains(":guid", StringComparison.Ordinal) || match.Value is "{id}" or "{deliveryId}" ? $"{Guid.Empty}"
                    : match.Value.Contains(":long", StringComparison.Ordinal) ? "1"
                    : match.Value is "{account}" ? "sandbox"
                    : match.Value is "{category}" ? "announcement"
                    : match.Value is "{channel}" ? "email"
                    : "v1"
            );

    [GeneratedRegex("{[^}]+}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Parameter();

    [GeneratedRegex("script-src [^;]*", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Scripts();

    sealed class TemporaryCertificate : IDisposable
    {
        readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("notificationbus-");

        public TemporaryCertificate()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=notify.internal", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("notify.internal");
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            var now = TimeProvider.System.GetUtcNow();
            Trusted = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(60));
            File.WriteAllText(Certificate, Trusted.ExportCertificatePem());
            File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        }

        public string Certificate => Path.Combine(_folder.FullName, "certificate.pem");

        public string Key => Path.Combine(_folder.FullName, "key.pem");

        public X509Certificate2 Trusted { get; }

        public void Dispose()
        {
            Trusted.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
