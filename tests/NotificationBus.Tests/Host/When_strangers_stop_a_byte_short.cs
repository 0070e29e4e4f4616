using System.Net;
using Microsoft.AspNetCore.Http;
using NotificationBus.Host.Http;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

/// <summary>B: shared lockout. Time does not pass here: whoever is read found a place at once.</summary>
public sealed class When_strangers_stop_a_byte_short : IDisposable
{
    const int Large = 200 * 1024;

    readonly FakeTimeProvider _clock = new(A.Time);
    readonly RequestBodies _bodies;

    public When_strangers_stop_a_byte_short()
    {
        _bodies = new RequestBodies(_clock);
        for (var stranger = 0; stranger < 160; stranger++)
            _ = Stop("sendgrid", $"203.0.113.{stranger % 2}");
    }

    public void Dispose() => _bodies.Dispose();

    [Theory]
    [InlineData(null, "203.0.113.0")]
    [InlineData("ses", "203.0.113.0")]
    [InlineData("ses", "198.51.100.1")]
    public async Task Should_take_no_place_from_the_API_nor_from_another_account(string? account, string address) =>
        (await Send(account, address)).ShouldBe(Large);

    [Fact]
    public async Task Should_take_no_place_from_the_same_account_when_they_are_one_caller()
    {
        using var bodies = new RequestBodies(_clock);
        for (var stranger = 0; stranger < 160; stranger++)
            _ = bodies.Read(Request($"2001:db8:1:2::{stranger:x}", Large + 1), Large + 1, "sendgrid");

        using var body = await bodies.Read(Request("2001:db8:1:3::1", Large), Large, "sendgrid");

        body.Length.ShouldBe(Large);
        bodies.LargeNow.ShouldBe(RequestBodies.LargeOfACaller + 1);
    }

    [Fact]
    public async Task Should_be_few_for_an_account_and_let_go()
    {
        _bodies.LargeNow.ShouldBe(RequestBodies.LargeForAnAccount);
        var one = Stop("sendgrid", "198.51.100.1");
        one.IsCompleted.ShouldBeFalse();

        for (var time = 0; time < 160 && !one.IsCompleted; time++)
        {
            _clock.Advance(RequestBodies.Patience);
            await Task.WhenAny(one, Task.Delay(10));
        }

        (await Should.ThrowAsync<BadHttpRequestException>(one)).StatusCode.ShouldBe(StatusCodes.Status408RequestTimeout);
    }

    /// <summary>What needs no place is what many can have at the same time.</summary>
    [Fact]
    public async Task Should_be_given_up_sooner_with_a_small_body()
    {
        var small = _bodies.Read(Request("203.0.113.9", 63 * 1024 + 1, stopsAt: 63 * 1024), Large);
        small.IsCompleted.ShouldBeFalse();

        _clock.Advance(TimeSpan.FromSeconds(5));

        (await Should.ThrowAsync<BadHttpRequestException>(small.WaitAsync(RunningHost.Patience))).StatusCode.ShouldBe(
            StatusCodes.Status408RequestTimeout
        );
    }

    async Task<int> Send(string? account, string address)
    {
        using var body = await _bodies.Read(Request(address, Large), Large, account).WaitAsync(RunningHost.Patience);
        return body.Length;
    }

    Task<RequestBodies.Body> Stop(string account, string address) => _bodies.Read(Request(address, Large + 1), Large + 1, account);

    /// <summary>A request whose body has so many bytes, of which no more than 200 KB ever come.</summary>
    static HttpRequest Request(string address, int length, int stopsAt = Large)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } };
        context.Request.ContentLength = length;
        context.Request.Body = new StoppingStream(stopsAt);
        return context.Request;
    }

    sealed class StoppingStream(int rest) : Stream
    {
        int _rest = rest;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest == 0)
                await Task.Delay(Timeout.Infinite, cancellationToken);

            var read = Math.Min(_rest, buffer.Length);
            _rest -= read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
