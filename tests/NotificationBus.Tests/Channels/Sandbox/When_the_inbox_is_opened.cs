using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.Model;

namespace NotificationBus.Tests.Channels.Sandbox;

public sealed partial class When_the_inbox_is_opened : IAsyncLifetime
{
    readonly InboxHost _host = new();

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/inbox", "text/html")]
    [InlineData("/inbox/inbox.css", "text/css")]
    [InlineData("/inbox/inbox.js", "text/javascript")]
    [InlineData("/inbox/examples.js", "text/javascript")]
    public async Task Should_serve_the_page_under_a_policy_without_inline(string path, string mediaType)
    {
        using var response = await Get(path);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(mediaType);
        var policy = Header(response, "Content-Security-Policy");
        policy.ShouldStartWith("default-src 'none'; script-src 'self'; style-src 'self';");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldNotContain("unsafe");
        Header(response, "X-Content-Type-Options").ShouldBe("nosniff");
    }

    [Fact]
    public async Task Should_need_nothing_its_policy_refuses()
    {
        var page = await _host.Client.GetStringAsync(Path("/inbox"));
        var script = await _host.Client.GetStringAsync(Path("/inbox/inbox.js"));

        InlineScript().IsMatch(page).ShouldBeFalse("inline script");
        InlineHandlerOrStyle().IsMatch(page).ShouldBeFalse("inline handler or style");
        ElsewhereLoaded().IsMatch(page).ShouldBeFalse("external resource");
        script.ShouldNotContain("innerHTML");
        script.ShouldNotContain("outerHTML");
        script.ShouldNotContain("insertAdjacentHTML");
    }

    [Fact]
    public async Task Should_not_send_again_what_the_browser_has()
    {
        using var first = await Get("/inbox/inbox.css");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/inbox/inbox.css");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag.ShouldBeOfType<EntityTagHeaderValue>());

        using var second = await _host.Client.SendAsync(again);

        second.StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task Should_list_deliveries_without_their_html()
    {
        _host.Inbox.Catch(Caught.Push());
        var mail = _host.Inbox.Catch(Caught.Email("<p>secret markup</p>")).Delivery;

        using var response = await Get("/inbox/deliveries?after=1");
        var text = await response.Content.ReadAsStringAsync();

        Header(response, "Cache-Control").ShouldBe("no-store");
        text.ShouldNotContain("secret markup");
        text.ShouldContain("มีคำสั่งซื้อใหม่");
        var item = JsonSerializer.Deserialize<JsonElement[]>(text).ShouldHaveSingleItem();
        item.GetProperty("number").GetInt64().ShouldBe(2);
        item.GetProperty("channel").GetString().ShouldBe("email");
        item.GetProperty("address").GetString().ShouldBe("som@example.com");
        item.GetProperty("recipientName").GetString().ShouldBe("Som");
        item.GetProperty("category").GetString().ShouldBe("order-placed");
        item.GetProperty("notificationId").GetGuid().ShouldBe(mail.NotificationId);
        item.GetProperty("content").GetProperty("text").GetString().ShouldBe("Hello");
    }

    [Fact]
    public async Task Should_list_a_channel_it_does_not_know()
    {
        _host.Inbox.Catch(Caught.Delivery("pigeon", "loft 4", new Scroll("Coo")));

        var items = JsonSerializer.Deserialize<JsonElement[]>(await _host.Client.GetStringAsync(Path("/inbox/deliveries")))!;

        items.ShouldHaveSingleItem().GetProperty("content").GetProperty("words").GetString().ShouldBe("Coo");
    }

    [Fact]
    public async Task Should_serve_the_html_of_a_mail_as_it_is_and_held_tight()
    {
        const string html = "<script>alert(1)</script><p>สวัสดี</p>";
        _host.Inbox.Catch(Caught.Email(html));

        using var response = await Get("/inbox/deliveries/1/html");

        (await response.Content.ReadAsStringAsync()).ShouldBe(html);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        Header(response, "Content-Security-Policy")
            .ShouldBe("default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox");
        Header(response, "X-Content-Type-Options").ShouldBe("nosniff");
        Header(response, "Cache-Control").ShouldBe("no-store");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("x")]
    public async Task Should_find_no_html_where_there_is_no_mail(string number)
    {
        _host.Inbox.Catch(Caught.Push());

        using var response = await Get($"/inbox/deliveries/{number}/html");

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Should_not_let_another_site_clear_it()
    {
        _host.Inbox.Catch(Caught.Push());
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/inbox/deliveries");
        preflight.Headers.Add("Origin", "https://elsewhere.example");
        preflight.Headers.Add("Access-Control-Request-Method", "DELETE");

        using var response = await _host.Client.SendAsync(preflight);

        response.IsSuccessStatusCode.ShouldBeFalse();
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        _host.Inbox.Since(0).ShouldHaveSingleItem();
    }

    Task<HttpResponseMessage> Get(string path) => _host.Client.GetAsync(Path(path));

    static Uri Path(string path) => new(path, UriKind.Relative);

    static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).ShouldHaveSingleItem();

    [GeneratedRegex(@"<script(?![^>]*\bsrc=)", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex InlineScript();

    [GeneratedRegex(@"<[^>]*\s(on[a-z]+|style)\s*=|<style|javascript:", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InlineHandlerOrStyle();

    [GeneratedRegex(@"(src|href)\s*=\s*""(https?:)?//", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ElsewhereLoaded();

    sealed record Scroll(string Words) : Content;
}
