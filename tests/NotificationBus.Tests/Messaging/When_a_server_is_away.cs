using System.Data.Common;

using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Messaging;

public sealed class When_a_server_is_away
{
    [Fact]
    public void Should_blame_no_message_for_it()
    {
        Outages.IsOutage(new OutageException()).ShouldBeTrue();
        Outages.IsOutage(new InvalidOperationException("wrapped", new OutageException())).ShouldBeTrue();
        Outages.IsOutage(new BrokerUnavailableException("no confirm", new TimeoutException())).ShouldBeTrue();
    }

    [Theory]
    [InlineData("22021")]
    [InlineData("23505")]
    [InlineData("42601")]
    [InlineData("54000")]
    public void Should_blame_the_message_for_what_the_database_refuses(string state) =>
        Outages.IsOutage(new InvalidOperationException("wrapped", new RefusedException(state))).ShouldBeFalse();

    [Fact]
    public void Should_blame_the_message_for_what_is_wrong_with_it() =>
        Outages.IsOutage(new InvalidEventException("the message has no messageId")).ShouldBeFalse();

    sealed class RefusedException(string state) : DbException("refused")
    {
        public override string SqlState => state;
    }
}
