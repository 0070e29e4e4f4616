using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>RFC 5321, section 4.5.2: whatever a text says, it does not end the message.</summary>
public sealed class When_a_line_begins_with_a_dot : With_a_scripted_server
{
    [Theory]
    [InlineData("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n")]
    [InlineData(".\r\n", "..\r\n")]
    [InlineData("..a\r\n.b\r\n", "...a\r\n..b\r\n")]
    [InlineData("a.\r\nb.c\r\n", "a.\r\nb.c\r\n")]
    [InlineData("", "")]
    public async Task Should_get_another_one(string text, string sent)
    {
        (await Provider().Send(ADelivery(text: text), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Mails.ShouldHaveSingleItem().ShouldContain($"quoted-printable\r\n\r\n{sent}\r\n--=_");
    }
}
