using NotificationBus.Host.RabbitMq;

namespace NotificationBus.Tests.Host;

public sealed class When_the_broker_is_named
{
    [Theory]
    [InlineData("amqp://user:password@rabbit", "rabbit:5672", "/")]
    [InlineData("amqps://user:password@rabbit/shop", "rabbit:5671", "/shop")]
    [InlineData("amqp://user:p%40ss,word@one:5673,two,three:5675/%2F", "one:5673, two:5672, three:5675", "/%2F")]
    [InlineData("amqp://127.0.0.1:5672,127.0.0.1:5673/shop", "127.0.0.1:5672, 127.0.0.1:5673", "/shop")]
    public void Should_find_every_node_of_a_cluster(string text, string nodes, string path)
    {
        var address = BrokerAddress.Parse(text).ShouldNotBeNull();

        address.ToString().ShouldBe(nodes);
        address.First.AbsolutePath.ShouldBe(path);
        address.First.Host.ShouldBe(address.Nodes[0].Host);
    }

    [Theory]
    [InlineData("")]
    [InlineData("rabbit:5672")]
    [InlineData("http://rabbit:5672")]
    [InlineData("amqp://")]
    [InlineData("amqp://one:5672,/shop")]
    [InlineData("amqp://one:5672,two:port/shop")]
    public void Should_refuse_what_is_no_address(string text) => BrokerAddress.Parse(text).ShouldBeNull();

    /// <summary>D: guest, and plain text on the way.</summary>
    [Theory]
    [InlineData("amqp://shop:secret@127.0.0.1:5672")]
    [InlineData("amqp://shop:secret@localhost,[::1]")]
    [InlineData("amqps://shop:secret@rabbit.example")]
    [InlineData("amqp://shop:secret@rabbit.example", "ConnectionStrings:RabbitMq is not encrypted")]
    [InlineData("amqp://shop:secret@localhost,rabbit.example", "ConnectionStrings:RabbitMq is not encrypted")]
    [InlineData("amqps://guest:secret@rabbit.example", "RabbitMQ is used as guest")]
    [InlineData("amqp://rabbit.example", "RabbitMQ is used as guest", "ConnectionStrings:RabbitMq is not encrypted")]
    public void Should_warn_of_what_everybody_knows_or_can_read(string text, params string[] warnings)
    {
        var said = UnsafeBroker.Of(BrokerAddress.Parse(text)!).ToList();

        said.Count.ShouldBe(warnings.Length);
        foreach (var (warning, beginning) in said.Zip(warnings))
            warning.ShouldStartWith(beginning);
    }
}
