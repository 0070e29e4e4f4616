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

    public When_the_database_is_away() => _host = new RunningHost
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

    sealed class QueriesOfNobody : INotificationQueries
    {
        public Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken) => throw new OutageException();

        public Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) => throw new OutageException();

        public Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter, CancellationToken cancellationToken) => throw new OutageException();
    }

    sealed class KeptLog : ILoggerProvider, ILogger
    {
        readonly ConcurrentQueue<(string Text, Exception? Exception)> _errors = new();

        public IReadOnlyCollection<(string Text, Exception? Exception)> Errors => _errors;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                _errors.Enqueue((formatter(state, exception), exception));
        }

        public void Dispose()
        {
        }
    }
}
