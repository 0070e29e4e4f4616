using NotificationBus.Host.RabbitMq;

namespace NotificationBus.Tests.Host;

public sealed class When_a_queue_is_declared_otherwise
{
    [Theory]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'send-email' in vhost '/': "
            + "received the value '100000' of type 'signedint' but current is the value '20' of type 'signedint'",
        "x-delivery-limit: needed is 100000, it has 20"
    )]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-delivery-limit' for queue 'send-email' in vhost '/': "
            + "received '100000' but current is '20'",
        "x-delivery-limit: needed is 100000, it has 20"
    )]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received none but current is "
            + "the value '5' of type 'long'",
        "x-max-length: needed is none, it has 5"
    )]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received the value 'quorum' of type "
            + "'longstr' but current is none",
        "x-queue-type: needed is quorum, it has none"
    )]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost 'shop': received 'true' but current is 'false'",
        "durable: needed is true, it has false"
    )]
    [InlineData(
        "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'received none' in vhost 'but current is': "
            + "received the value 'notifications-dead-letters' of type 'longstr' but current is the value 'old letters' of type 'longstr'",
        "x-dead-letter-exchange: needed is notifications-dead-letters, it has old letters"
    )]
    [InlineData("PRECONDITION_FAILED - something new", "declaration (PRECONDITION_FAILED - something new)")]
    public void Should_say_what_is_needed_and_what_is_there(string brokersWords, string difference) =>
        QueueCheck.Difference(brokersWords).ShouldBe(difference);
}
