using System.Text;
using NotificationBus.Erasures;

namespace NotificationBus.Tests.Erasures;

public sealed class When_messages_are_looked_through_for_a_person
{
    static readonly PersonInMessages Person = new(new TracesOfPerson("shop", ["7"], ["som@example.com"], ErasureKey.New()));

    [Theory]
    [InlineData("""{"message":{"orderId":"4711","buyer":{"id":"7","name":"Som"}}}""")]
    [InlineData("""{"message":{"Customer":{"Id":"7"}}}""")]
    [InlineData("""{"recipient":"7"}""")]
    [InlineData("""{"message":{"recipientId":"7"}}""")]
    [InlineData("""{"to":["Som@Example.com"]}""")]
    [InlineData("to som@example.com, which is no JSON")]
    [InlineData("""{"broken":"\ud800","to":"som@example.com"}""")]
    public void Should_find_the_person(string body)
    {
        IsAbout(body, "{}").ShouldBeTrue();
        IsAbout(body, """{"NB-Application":"shop"}""").ShouldBeTrue();
        Person.Parts.ShouldContain(part => body.ToLowerInvariant().Contains(part, StringComparison.Ordinal), "it has to be read at all");
    }

    [Theory]
    [InlineData("""{"message":{"product":{"id":"7","price":3},"buyer":{"id":"8"}}}""")]
    [InlineData("""{"id":"7","message":{"orderId":"7"}}""")]
    [InlineData("""{"message":{"buyer":{"id":7}}}""")]
    [InlineData("""{"broken":"\ud800","id":"7"}""")]
    [InlineData("not 7")]
    public void Should_take_nothing_else_for_the_person(string body) => IsAbout(body, "{}").ShouldBeFalse();

    [Theory]
    [InlineData("""{"buyer":{"id":"7"}}""")]
    [InlineData("""{"to":"som@example.com"}""")]
    public void Should_leave_what_is_another_applications(string body) => IsAbout(body, """{"NB-Application":"bank"}""").ShouldBeFalse();

    [Fact]
    public void Should_look_at_what_a_message_was_made_and_at_its_headers()
    {
        Person.AreIn("{}"u8.ToArray(), "{}", ["""{"buyer":{"id":"7"}}"""u8.ToArray()]).ShouldBeTrue();
        Person.AreIn("{}"u8.ToArray(), """{"to":"som@example.com"}""", []).ShouldBeTrue();
        Person.AreIn("""{"buyer":{"id":"7"}}"""u8.ToArray(), "\ud800", []).ShouldBeTrue();
    }

    static bool IsAbout(string body, string headers) => Person.AreIn(Encoding.UTF8.GetBytes(body), headers, []);
}
