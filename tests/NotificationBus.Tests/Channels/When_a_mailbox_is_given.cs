using NotificationBus.Channels.Email;

namespace NotificationBus.Tests.Channels;

public sealed class When_a_mailbox_is_given
{
    [Theory]
    [InlineData("som@example.com")]
    [InlineData("first.last+tag@sub.example.co.th")]
    public void Should_take_what_people_use(string mailbox) => new EmailChannel().Refuse(mailbox).ShouldBeNull();

    [Theory]
    [InlineData("a@")]
    [InlineData("@b.c")]
    [InlineData("a@b@c")]
    [InlineData("a b@c.d")]
    [InlineData("<script>@c.d")]
    [InlineData("\"a\r\nRCPT TO:<x>\"@b.c")]
    [InlineData("a@b.c\n")]
    [InlineData("a@b.c\0")]
    public void Should_refuse_what_could_break_out_of_the_command(string mailbox) => new EmailChannel().Refuse(mailbox).ShouldNotBeNull();

    [Fact]
    public void Should_refuse_what_is_too_long() => new EmailChannel().Refuse(new string('a', 250) + "@b.cd").ShouldNotBeNull();
}
