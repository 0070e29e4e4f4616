using System.Text;
using System.Text.Json;
using NotificationBus.Failures;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Contents;

/// <summary>Texts of people lie in one place: among failed messages there is no other copy.</summary>
public sealed class When_a_command_is_set_aside
{
    [Fact]
    public async Task Should_be_recorded_without_what_it_says_and_say_it_when_it_is_replayed()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.IsBroken = true;
        var id = await flow.Tell(An.OrderShipped());
        await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Failed);
        var filter = new FailedMessageFilter { Limit = 10 };
        await flow.Pulse.Until(() => flow.FailedMessages.Search(filter, CancellationToken.None).GetAwaiter().GetResult().Count == 1);

        var failed = (await flow.FailedMessages.Search(filter, CancellationToken.None)).ShouldHaveSingleItem();
        var message = await flow.FailedMessages.Find(failed.Id, CancellationToken.None);

        var command = JsonElement.Parse(Encoding.UTF8.GetString(message!.Body)).GetProperty("message");
        command.GetProperty("content").GetProperty("body").ValueKind.ShouldBe(JsonValueKind.Null);
        command.GetProperty("content").GetProperty("set").GetGuid().ShouldBe(flow.Find(id)!.Contents!.Value);
        command.GetProperty("address").GetString().ShouldBe("phone-of-nok");
    }

    [Fact]
    public void Should_keep_every_other_byte()
    {
        const string Body =
            """{ "messageId": "1", "message": {"data":{"content":{"body":"theirs"}}, "content": {"set":"s","body":"AAEC"}, "n": 1.0}}""";

        Without(Body).ShouldBe(Body.Replace("\"AAEC\"", "null", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"message":{"commands":[{"message":{"content":{"body":"one"}}},{"message":{"content":{"body":"two"}}}]}}""", 2)]
    [InlineData("""{"message":{"message":{"content":{"body":"one"}}}}""", 1)]
    [InlineData("""{"message":{"content":{"body":null}}}""", 1)]
    [InlineData("""{"message":{"data":{"message":{"content":{"body":"theirs"}}}}}""", 0)]
    [InlineData("""{"content":{"body":"theirs"}}""", 0)]
    [InlineData("""{"message":{"content":{"body":"broken off""", 0)]
    [InlineData("no JSON at all, with a \"body\"", 0)]
    public void Should_know_what_is_one(string body, int contents) => Without(body).Split("\"body\":null").Length.ShouldBe(contents + 1);

    static string Without(string body) => Encoding.UTF8.GetString(CarriedContents.LeaveOut(Encoding.UTF8.GetBytes(body)));
}
