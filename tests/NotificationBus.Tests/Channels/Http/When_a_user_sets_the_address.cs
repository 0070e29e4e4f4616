using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Push.Providers;
using NotificationBus.Channels.Webhook.Providers;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_a_user_sets_the_address
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("10.255.255.255")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.8")]
    [InlineData("192.0.2.1")]
    [InlineData("192.31.196.1")]
    [InlineData("192.52.193.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("192.175.48.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("198.51.100.7")]
    [InlineData("203.0.113.7")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.250")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::7f00:1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:0:10.0.0.1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b:1::8.8.8.8")]
    [InlineData("100::1")]
    [InlineData("2001::1")]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2")]
    [InlineData("2001:20::1")]
    [InlineData("2001:db8::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2620:4f:8000::1")]
    [InlineData("3fff::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void Should_know_what_is_not_public(string address) => AddressGuard.IsPublic(IPAddress.Parse(address)).ShouldBeFalse();

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.0.1.0")]
    [InlineData("198.17.255.255")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    [InlineData("2001:200::1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001:81b::200e")]
    public void Should_know_what_is_public(string address) => AddressGuard.IsPublic(IPAddress.Parse(address)).ShouldBeTrue();

    [Theory]
    [InlineData("http://hooks.example.com/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://hooks.example.com/x")]
    [InlineData("gopher://hooks.example.com/x")]
    [InlineData("/only/a/path")]
    [InlineData("hooks.example.com")]
    [InlineData("")]
    [InlineData("https://user:pass@hooks.example.com/")]
    [InlineData("https://hooks.example.com:22/")]
    [InlineData("https://hooks.example.com:8443/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:10.0.0.1]/")]
    [InlineData("https://[fe80::1%251]/")]
    [InlineData("https://localhost/")]
    [InlineData("https://localhost./")]
    [InlineData("https://LOCALHOST/")]
    [InlineData("https://db.localhost/")]
    public void Should_refuse_a_URL_that_can_never_be_called(string url) => AddressGuard.Refuse(url).ShouldNotBeNull();

    [Theory]
    [InlineData(2048, true)]
    [InlineData(2049, false)]
    public void Should_refuse_a_URL_that_is_too_long(int length, bool passes) =>
        (AddressGuard.Refuse("https://hooks.example.com/".PadRight(length, 'x')) is null).ShouldBe(passes);

    [Theory]
    [InlineData("https://hooks.example.com/x?y=z")]
    [InlineData("https://hooks.example.com:443/x")]
    [InlineData("https://8.8.8.8/x")]
    [InlineData("https://[2606:4700:4700::1111]/x")]
    [InlineData("https://ร้าน.example.com/x")]
    public void Should_let_others_pass(string url) => AddressGuard.Refuse(url).ShouldBeNull();

    [Theory]
    [InlineData("http://10.0.0.7:8080/x", null)]
    [InlineData("https://localhost/x", null)]
    [InlineData("ftp://10.0.0.7/x", "the URL must begin with https")]
    [InlineData("https://user:pass@10.0.0.7/x", "the URL has a user in it")]
    public void Should_allow_receivers_in_the_same_house_when_told(string url, string? reason) =>
        AddressGuard.Refuse(url, allowPrivateAddresses: true).ShouldBe(reason);

    public static TheoryData<string> NeverCalled =>
        [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::6464:64c8",
            "2001:0:4136:e378:8000:63bf:5601:5601",
            "2001:0:a9fe:a9fe:8000:63bf:3fff:fdd2",
            "2001::9b9b:9b37",
            "fd00:42::42",
            "fd00:c1::a9fe:a9fe",
            "ff02::1",
            "ff02::2",
            "ff05::1:3",
            "ff0e::1",
            "224.0.0.1",
            "239.255.255.250",
            "::ffff:224.0.0.251",
            "255.255.255.255",
            "0.0.0.0",
            "::",
        ];

    /// <summary>D: AllowPrivateAddresses never opens link-local addresses, nor the clouds' metadata services, in any form.</summary>
    [Theory]
    [MemberData(nameof(NeverCalled))]
    public async Task Should_never_be_link_local(string address)
    {
        var parsed = IPAddress.Parse(address);
        var host = parsed.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : address;
        AddressGuard.Refuse($"http://{host}/latest/meta-data", allowPrivateAddresses: true).ShouldNotBeNull();
        AddressGuard.Refuse($"https://{host}/latest/meta-data").ShouldNotBeNull();
        AddressGuard.IsPublic(parsed).ShouldBeFalse();

        // By a name that leads there.
        var guard = new AddressGuard((_, _) => Task.FromResult(new[] { IPAddress.Parse("10.0.0.7"), parsed })).Allowing(
            privateAddresses: true
        );
        var result = await Calls(guard).Send(new Uri("http://metadata.example/"));
        result.ShouldBeOfType<ProviderResult.Rejected>().Reason.ShouldContain("link-local");
    }

    [Theory]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9.0xfe.0xa9.0xfe/")]
    [InlineData("http://169.254.43518/")]
    [InlineData("http://0251.0376.0251.0376/")]
    public void Should_never_be_link_local_however_it_is_written(string url) =>
        AddressGuard.Refuse(url, allowPrivateAddresses: true).ShouldNotBeNull();

    [Theory]
    [InlineData("10.0.0.7")]
    [InlineData("127.0.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fd00:43::42")]
    [InlineData("127.0.0.53")]
    [InlineData("::1")]
    [InlineData("8.8.8.8")]
    public void Should_be_anything_else_in_the_house_when_that_is_allowed(string address) =>
        AddressGuard.IsNever(IPAddress.Parse(address)).ShouldBeFalse();

    [Fact]
    public async Task Should_connect_inside_when_that_is_allowed()
    {
        await using var inside = new ScriptedHttpServer();
        inside.Answers("200 OK");

        (await Calls(new AddressGuard().Allowing(privateAddresses: true)).Send(inside.Url)).ShouldBeOfType<ProviderResult.Accepted>();
    }

    [Fact]
    public async Task Should_not_connect_to_a_name_that_leads_inside()
    {
        await using var inside = new ScriptedHttpServer();
        inside.Answers("200 OK");

        var result = await Post(inside, IPAddress.Parse("8.8.8.8"), IPAddress.Loopback);

        result.ShouldBeOfType<ProviderResult.Rejected>().Reason.ShouldContain("not public");
        inside.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_connect_to_an_address_inside()
    {
        await using var inside = new ScriptedHttpServer();
        inside.Answers("200 OK");

        var result = await Calls(new AddressGuard()).Send(inside.Url);

        result.ShouldBeOfType<ProviderResult.Rejected>();
        inside.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_ask_for_the_addresses_once_for_each_connection()
    {
        // The second answer is the one of a name that leads elsewhere as soon as it was checked.
        await using var inside = new ScriptedHttpServer();
        inside.Answers("200 OK");
        var lookups = 0;
        var guard = new AddressGuard(
            (_, _) => Task.FromResult<IPAddress[]>(++lookups == 1 ? [IPAddress.Loopback] : [IPAddress.Parse("127.0.0.2")])
        ).Allowing(privateAddresses: true);

        (await Calls(guard).Send(new UriBuilder(inside.Url) { Host = "hooks.example.com" }.Uri)).ShouldBeOfType<ProviderResult.Accepted>();

        lookups.ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_connect_inside_when_that_is_not_allowed_in_so_many_words()
    {
        await using var inside = new ScriptedHttpServer();
        inside.Answers("200 OK");

        (await Calls(new AddressGuard().Allowing(privateAddresses: false)).Send(inside.Url)).ShouldBeOfType<ProviderResult.Rejected>();

        inside.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_connect_to_the_address_that_was_checked()
    {
        await using var server = new ScriptedHttpServer();

        // Nobody knows the name: had it been looked up, there would be no connection.
        await using var stream = await AddressGuard.ConnectTo([IPAddress.Loopback], server.Port, TestContext.Current.CancellationToken);

        stream.CanWrite.ShouldBeTrue();
    }

    /// <summary>What no operator but a recipient names is called with the guard.</summary>
    [Fact]
    public void Should_be_guarded_in_every_vendor_of_recipients_endpoints()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var privateKey = Base64Url.EncodeToString(key.ExportParameters(includePrivateParameters: true).D);
        HttpVendor[] vendors =
        [
            new WebhookProvider(
                "account",
                new WebhookOptions { Secret = $"whsec_{Convert.ToBase64String(new byte[24])}" },
                TimeProvider.System
            ),
            new WebPushProvider(
                "account",
                new WebPushOptions { PrivateKey = privateKey, Subject = "mailto:shop@example.com" },
                TimeProvider.System
            ),
            new SlackWebhookProvider("account", new SlackWebhookOptions(), TimeProvider.System),
            new TeamsProvider("account", new TeamsOptions(), TimeProvider.System),
            new DiscordProvider("account", new DiscordOptions(), TimeProvider.System),
        ];

        vendors.ShouldAllBe(vendor => vendor.IsGuarded);
    }

    static async Task<ProviderResult> Post(ScriptedHttpServer server, params IPAddress[] addresses) =>
        await Calls(new AddressGuard((_, _) => Task.FromResult(addresses))).Send(new Uri($"http://hooks.example.com:{server.Port}/"));

    static GuardedVendor Calls(AddressGuard guard) => new(guard);

    sealed class GuardedVendor(AddressGuard guard)
    {
        public async Task<ProviderResult> Send(Uri url)
        {
            using var calls = new HttpCalls(TimeSpan.FromSeconds(5), TimeProvider.System, guard);
            return await calls.Make(
                new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent([]) },
                With_a_scripted_service.ADelivery(),
                [],
                _ => new ProviderResult.Accepted(null),
                TestContext.Current.CancellationToken
            );
        }
    }
}
