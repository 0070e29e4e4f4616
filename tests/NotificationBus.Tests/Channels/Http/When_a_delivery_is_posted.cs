using System.ComponentModel.DataAnnotations;
using System.Text.Json;

using NotificationBus.Channels.Email;
using NotificationBus.Channels.Http;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_a_delivery_is_posted : With_a_scripted_service
{
    public When_a_delivery_is_posted() => Service.Answers("200 OK");

    [Fact]
    public async Task Should_say_everything_unless_told_otherwise()
    {
        await Provider().Send(ADelivery(new EmailContent("Sold", "<p>Sold</p>", "Sold.")), Cancellation);

        var (head, body) = Service.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith("POST /send HTTP/1.1");
        head.ShouldContain("Idempotency-Key: 22222222-2222-2222-2222-222222222222");
        head.ShouldContain("Content-Type: application/json");
        var json = JsonDocument.Parse(body).RootElement;
        json.GetProperty("id").GetGuid().ShouldBe(ADelivery().Id);
        json.GetProperty("notificationId").GetGuid().ShouldBe(ADelivery().NotificationId);
        json.GetProperty("address").GetString().ShouldBe("token-of-soms-phone");
        json.GetProperty("recipientName").GetString().ShouldBe("Som \"the\" seller");
        json.GetProperty("category").GetString().ShouldBe("order-placed");
        json.GetProperty("content").GetProperty("html").GetString().ShouldBe("<p>Sold</p>");
    }

    [Fact]
    public async Task Should_say_what_the_template_says_and_stay_JSON()
    {
        await Provider(options => options.Body = """{"to":"{{address}}","text":"{{recipientName}}: {{content.body}}","key":"{{id}}"}""").Send(ADelivery(), Cancellation);

        var json = JsonDocument.Parse(Service.Requests.ShouldHaveSingleItem().Body).RootElement;
        json.GetProperty("text").GetString().ShouldBe("Som \"the\" seller: Your \"bowl\" is sold & paid.");
        json.GetProperty("key").GetGuid().ShouldBe(ADelivery().Id);
    }

    [Fact]
    public async Task Should_fill_a_form()
    {
        await Provider(options =>
        {
            options.Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Content-Type"] = "application/x-www-form-urlencoded" };
            options.Body = "To={{address}}&Body={{content.body}}";
        }).Send(ADelivery(), Cancellation);

        var (head, body) = Service.Requests.ShouldHaveSingleItem();
        head.ShouldContain("Content-Type: application/x-www-form-urlencoded");
        body.ShouldBe("To=token-of-soms-phone&Body=Your%20%22bowl%22%20is%20sold%20%26%20paid.");
    }

    [Fact]
    public async Task Should_carry_the_headers_of_the_account()
    {
        await Provider(options =>
        {
            options.IdempotencyHeader = "X-Request-Id";
            options.Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = "key=abc", ["X-Tenant"] = "shop" };
        }).Send(ADelivery(), Cancellation);

        var (head, _) = Service.Requests.ShouldHaveSingleItem();
        head.ShouldContain("Authorization: key=abc");
        head.ShouldContain("X-Tenant: shop");
        head.ShouldContain("X-Request-Id: 22222222-2222-2222-2222-222222222222");
        head.ShouldNotContain("Idempotency-Key");
    }

    [Theory]
    [InlineData("blocked", true)]
    [InlineData("=blocked", true)]
    [InlineData("99", true)]
    [InlineData("409,,600", true)]
    [InlineData("409, error.code=", false)]
    [InlineData("", false)]
    public void Should_be_an_error_to_name_no_answer(string conditions, bool isWrong)
    {
        var options = new HttpProviderOptions { Url = "https://example.com", Rejected = conditions, AddressIsWrong = conditions, Throttled = conditions };
        var results = new List<ValidationResult>();

        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);

        results.SelectMany(result => result.MemberNames).ShouldBe(isWrong ? (string[])["Rejected", "AddressIsWrong", "Throttled"] : []);
    }

    [Theory]
    [InlineData("", null, null, null, nameof(HttpProviderOptions.Url))]
    [InlineData("ftp://example.com", null, null, null, nameof(HttpProviderOptions.Url))]
    [InlineData("https://user:password@example.com", null, null, null, nameof(HttpProviderOptions.Url))]
    [InlineData("https://example.com", "two words", null, null, nameof(HttpProviderOptions.Headers))]
    [InlineData("https://example.com", "Content-Length", null, null, nameof(HttpProviderOptions.Headers))]
    [InlineData("https://example.com", null, "{{#if}", null, nameof(HttpProviderOptions.Body))]
    [InlineData("https://example.com", null, null, "ok", nameof(HttpProviderOptions.Accepted))]
    public void Should_refuse_what_cannot_work(string url, string? header, string? body, string? accepted, string member)
    {
        var options = new HttpProviderOptions { Url = url, Body = body, Accepted = accepted };
        if (header is not null)
            options.Headers = new Dictionary<string, string>(StringComparer.Ordinal) { [header] = "1" };

        var results = new List<System.ComponentModel.DataAnnotations.ValidationResult>();
        System.ComponentModel.DataAnnotations.Validator.TryValidateObject(options, new(options), results, validateAllProperties: true).ShouldBeFalse();

        results.SelectMany(result => result.MemberNames).ShouldContain(member);
    }
}
