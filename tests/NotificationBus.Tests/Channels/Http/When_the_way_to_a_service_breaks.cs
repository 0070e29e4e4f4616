using System.Net;
using System.Net.Sockets;
using System.Text;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Http;

public sealed class When_the_way_to_a_service_breaks : With_a_scripted_service
{
    [Fact]
    public async Task Should_be_unavailable_when_nobody_listens()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();

        var result = await Provider(options => options.Url = $"http://127.0.0.1:{port}/").Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_be_unavailable_when_there_is_no_such_name()
    {
        var result = await Provider(options => options.Url = "http://nobody.invalid/").Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_be_unavailable_when_the_handshake_fails()
    {
        Service.ResetsAtFirstBytes = true;

        var result = await Provider(options => options.Url = $"https://127.0.0.1:{Service.Port}/").Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_does_not_answer()
    {
        var result = await Provider(options => options.Timeout = TimeSpan.FromSeconds(1)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>().Reason.ShouldContain("in time");
        Service.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_resets_the_connection_instead_of_answering()
    {
        Service.Resets = true;

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>();
        Service.Requests.Count.ShouldBe(1, "the handler must not try again by itself");
    }

    [Fact]
    public async Task Should_be_in_doubt_when_the_answer_breaks_off()
    {
        Service.BreaksOff("200 OK", "{\"id\":");

        var result = await Provider().Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>();
    }

    [Fact]
    public async Task Should_be_in_doubt_when_it_answers_a_byte_a_second()
    {
        Service.Answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");

        var result = await Provider(options => options.Timeout = TimeSpan.FromSeconds(1)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>();
    }

    [Fact]
    public async Task Should_never_send_a_request_twice_over_a_connection_that_was_kept()
    {
        var provider = Provider();
        Service.Answers("200 OK");
        await provider.Send(ADelivery(), Cancellation);

        Service.Answer = null;
        Service.Resets = true;
        var result = await provider.Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.InDoubt>();
        Service.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_answer_when_the_caller_gives_up_before_it_connects()
    {
        using var gaveUp = new CancellationTokenSource();
        await gaveUp.CancelAsync();

        var result = await Provider().Send(ADelivery(), gaveUp.Token);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
        Service.Requests.ShouldBeEmpty();
    }
}
