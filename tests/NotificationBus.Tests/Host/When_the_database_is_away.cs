using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NotificationBus.Notifications;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

public sealed class When_the_database_is_away : IAsyncLifetime
{
    readonly KeptLog _log = new();
    readonly RunningHost _host;

    public When_the_database_is_away() =>
        _host = new RunningHost
        {
            Configure = services => services.AddSingleton<ILoggerProvider>(_log).AddSingleton<INotificationQueries>(new QueriesOfNobody()),
        };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Should_say_so_in_one_line_for_each_caller()
    {
        (await _host.Get($"/v1/notifications/{Guid.NewGuid()}")).ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "unavailable");

        var (text, exception) = _log.Errors.ShouldHaveSingleItem();
        text.ShouldStartWith("PostgreSQL does not answer");
        exception.ShouldBeNull();
    }

    /// <summary>Debts: a GET's 503 does not speak of eventId.</summary>
    [Theory]
    [InlineData("GET", "/v1/notifications", "Nothing was changed. Try again after the time in Retry-After.")]
    [InlineData("HEAD", "/v1/notifications", null)]
    [InlineData(
        "POST",
        "/v1/notifications/2f0c5f5c-5f1e-4f9a-9c55-0c7a5c3d1e11/cancel",
        "It may have been done: doing it again is harmless. Try again after the time in Retry-After."
    )]
    public async Task Should_say_what_to_do_about_what_was_asked(string method, string path, string? detail)
    {
        var answer = await _host.Send(
            new HttpMethod(method),
            path,
            method == "POST" ? RunningHost.Json("""{"by":"ann","why":"sold"}"""u8.ToArray()) : null
        );

        answer.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
        if (detail is not null)
            answer.Json.GetProperty("detail").GetString().ShouldBe(detail);
    }

    sealed class QueriesOfNobody : INotificationQueries
    {
        public Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken) => throw new OutageException();

        public Task<string?> ApplicationOf(Guid id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<SagaStep>?> StepsOf(Guid id, CancellationToken cancellationToken) => throw new OutageException();

        public Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            throw new OutageException();

        public Task<IReadOnlyDictionary<Guid, int>> Versions(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            throw new OutageException();

        public Task<IReadOnlyList<RecordedNotification>> Read(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
            throw new OutageException();

        public Task<FoundNotifications> Search(NotificationFilter filter, CancellationToken cancellationToken) =>
            throw new OutageException();
    }

    sealed class KeptLog : ILoggerProvider, ILogger
    {
        readonly ConcurrentQueue<(string Text, Exception? Exception)> _errors = new();

        public IReadOnlyCollection<(string Text, Exception? Exception)> Errors => _errors;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
                _errors.Enqueue((formatter(state, exception), exception));
        }

        public void Dispose() { }
    }
}
