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
    [InlineData("21000")]
    [InlineData("22021")]
    [InlineData("22P05")]
    [InlineData("54000")]
    public void Should_blame_the_message_for_what_the_database_refuses(string state) =>
        Outages.IsOutage(new InvalidOperationException("wrapped", new RefusedException(state))).ShouldBeFalse();

    /// <summary>A7: whatever an operator can undo, and whatever nobody has thought of.</summary>
    [Theory]
    [InlineData("08006")]
    [InlineData("0A000")]
    [InlineData("23502")]
    [InlineData("23503")]
    [InlineData("23505")]
    [InlineData("23514")]
    [InlineData("25006")]
    [InlineData("25P02")]
    [InlineData("28P01")]
    [InlineData("3D000")]
    [InlineData("3F000")]
    [InlineData("40001")]
    [InlineData("42501")]
    [InlineData("42703")]
    [InlineData("42883")]
    [InlineData("42P01")]
    [InlineData("42P05")]
    [InlineData("53100")]
    [InlineData("53200")]
    [InlineData("53300")]
    [InlineData("55000")]
    [InlineData("57014")]
    [InlineData("57P01")]
    [InlineData("57P05")]
    [InlineData("58030")]
    [InlineData("XX001")]
    [InlineData("ZZ999")]
    public void Should_blame_no_message_for_what_an_operator_can_undo(string state) =>
        Outages.IsOutage(new InvalidOperationException("wrapped", new RefusedException(state))).ShouldBeTrue();

    [Fact]
    public void Should_blame_the_message_for_what_is_wrong_with_it() =>
        Outages.IsOutage(new InvalidEventException("the message has no messageId")).ShouldBeFalse();

    sealed class RefusedException(string state) : DbException("refused")
    {
        public override string SqlState => state;
    }
}
