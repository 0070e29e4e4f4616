using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

/// <summary>A12: one key, two bodies. What tells them apart, and what does not.</summary>
public sealed class When_two_events_are_compared
{
    static readonly NotificationRequest Request = new()
    {
        NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
        EventName = "order-placed",
        Category = "order-placed",
        Recipient = A.Seller with { Phone = "+66812345678", Country = "TH", Chat = ["slack:C1"], WebhookUrl = "https://example.com/hook" },
        Data = JsonElement.Parse(
            """{"total":{"amount":590.50,"currency":"THB"},"items":["cup",null,{"a":true}],"n":12345678901234567890123}"""
        ),
        Channels = ["email"],
    };

    [Theory]
    [InlineData("""{"n":12345678901234567890123,"items":["cup",null,{"a":true}],"total":{"currency":"THB","amount":590.50}}""")]
    [InlineData(
        """{ "total" : { "amount":590.5, "currency":"\u0054HB", "note":null }, "items" : [ "cup" , null , {"a" : true} ] , "n" : """
            + """12345678901234567890123 }"""
    )]
    [InlineData(
        """{"total":{"amount":5.905e2,"currency":"THB"},"items":["cup",null,{"a":true,"b":null}],"n":12345678901234567890123,"none":null}"""
    )]
    public void Should_take_what_is_only_written_otherwise_for_the_same(string data) =>
        (Request with { Data = JsonElement.Parse(data) }).Fingerprint().ShouldBe(Request.Fingerprint());

    [Theory]
    [InlineData("""{"total":{"amount":590.51,"currency":"THB"},"items":["cup",null,{"a":true}],"n":12345678901234567890123}""")]
    [InlineData("""{"total":{"amount":590.50,"currency":"THB"},"items":[null,"cup",{"a":true}],"n":12345678901234567890123}""")]
    [InlineData("""{"total":{"amount":590.50,"currency":"THB"},"items":["cup",{"a":true}],"n":12345678901234567890123}""")]
    [InlineData("""{"total":{"amount":590.50,"currency":"THB"},"items":["cup",null,{"a":true}],"n":12345678901234567890124}""")]
    [InlineData("""{"total":{"amount":590.50,"currency":"THB"},"items":["cup",null,{"a":false}],"n":12345678901234567890123}""")]
    [InlineData("""{"total":{"amount":"590.50","currency":"THB"},"items":["cup",null,{"a":true}],"n":12345678901234567890123}""")]
    [InlineData("""{"total":{"amount":590.50,"currency":"THB"},"items":"cup","n":12345678901234567890123}""")]
    public void Should_tell_another_text_apart(string data) =>
        (Request with { Data = JsonElement.Parse(data) }).Fingerprint().ShouldNotBe(Request.Fingerprint());

    /// <summary>A producer's map has no order, and need not come twice in the same one.</summary>
    [Fact]
    public void Should_take_values_for_an_app_in_another_order_for_the_same()
    {
        With(("a", "1"), ("b", "2")).ShouldBe(With(("b", "2"), ("a", "1")));
        With(("a", "1"), ("b", "2")).ShouldNotBe(With(("a", "2"), ("b", "1")));

        static Guid With(params (string Key, string Value)[] data)
        {
            var values = data.ToDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal);
            return (Request with { Extras = MessageExtras.Of(email: null, new PushExtras { Data = values }) }).Fingerprint();
        }
    }

    /// <summary>Every property of a recipient matters: a new one must be looked at too.</summary>
    [Fact]
    public void Should_tell_another_recipient_apart_whatever_differs()
    {
        var others = typeof(Contact)
            .GetProperties()
            .Select(property =>
            {
                var other = Request.Recipient with { };
                property.SetValue(other, property.PropertyType == typeof(string) ? "another" : (string[])["another"]);
                return (Request with { Recipient = other }).Fingerprint();
            })
            .ToList();

        others.Append(Request.Fingerprint()).ShouldBeUnique();
        others.Count.ShouldBe(9);
    }

    [Fact]
    public void Should_tell_another_category_and_other_channels_apart() =>
        (
            (Guid[])
                [
                    Request.Fingerprint(),
                    (Request with { Category = "announcement" }).Fingerprint(),
                    (Request with { Channels = ["email", "push"] }).Fingerprint(),
                    (Request with { Channels = null }).Fingerprint(),
                ]
        ).ShouldBeUnique();

    [Fact]
    public void Should_take_a_list_that_is_empty_for_one_that_is_not_there()
    {
        var one = Request with { Recipient = new Contact { Id = "seller-42" } };

        (
            one with
            {
                Recipient = new Contact
                {
                    Id = "seller-42",
                    PushTokens = [],
                    Chat = null!,
                },
            }
        ).Fingerprint().ShouldBe(one.Fingerprint());
    }
}
