using NotificationBus.Channels.Chat;
using NotificationBus.Contracts;

namespace NotificationBus.Tests.Channels.Chat;

public sealed class When_a_place_is_given
{
    static readonly ChatChannel Chat = new();

    [Theory]
    [InlineData("slack:C0123456789")]
    [InlineData("telegram:-100123456")]
    [InlineData("telegram:@shop")]
    [InlineData("line:U4af4980629")]
    [InlineData("slack:https://hooks.slack.com/services/T0/B0/x")]
    [InlineData("teams:https://prod-12.westeurope.logic.azure.com:443/workflows/1?sig=x")]
    public void Should_take_what_looks_right(string address) => Chat.Refuse(address).ShouldBeNull();

    [Theory]
    [InlineData("C0123456789")]
    [InlineData("slack:")]
    [InlineData(":C0123456789")]
    [InlineData("Slack:C0123456789")]
    [InlineData("slack:C01 23")]
    [InlineData("slack:C01\n")]
    [InlineData("discord:http://discord.com/api/webhooks/1/x")]
    [InlineData("discord:https://127.0.0.1/api/webhooks/1/x")]
    [InlineData("discord:https://user:secret@discord.com/api/webhooks/1/x")]
    public void Should_refuse_what_can_never_work(string address)
    {
        var refusal = Chat.Refuse(address).ShouldNotBeNull();

        refusal.ShouldNotContain("secret");
        refusal.ShouldNotContain("127.0.0.1");
    }

    [Fact]
    public void Should_refuse_what_nobody_can_keep() =>
        Chat.Refuse($"slack:{new string('C', 2048)}").ShouldBe("the place is longer than 2048 characters");

    [Fact]
    public void Should_reach_each_place_once() =>
        Chat.AddressesOf(new Contact { Id = "seller-42", Chat = ["slack:C1", "", "line:U1", "slack:C1"] })
            .ShouldBe(["slack:C1", "line:U1"]);
}
