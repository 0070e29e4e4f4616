using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>The statements that EF Core executes for a test, to ask the server how it would.</summary>
sealed class Statements_of_EF_Core : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    static readonly AsyncLocal<Statements_of_EF_Core?> Mine = new();

    readonly ConcurrentQueue<NpgsqlCommand> _all = new();
    readonly List<IDisposable> _subscriptions = [];

    public Statements_of_EF_Core()
    {
        Mine.Value = this;
        _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public IReadOnlyCollection<NpgsqlCommand> All => _all;

    public void Clear() => _all.Clear();

    public void Dispose() => _subscriptions.ForEach(subscription => subscription.Dispose());

    /// <summary>The plan, with what it has really read.</summary>
    public static async Task<string> Explain(string database, NpgsqlCommand statement)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = statement.Clone();
        command.Connection = connection;
        command.Transaction = null;
        command.CommandText = $"EXPLAIN (ANALYZE, TIMING OFF) {statement.CommandText}";
        await using var reader = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await reader.ReadAsync())
            plan.Add(reader.GetString(0));
        return string.Join('\n', plan);
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener value)
    {
        if (value.Name == DbLoggerCategory.Name)
            _subscriptions.Add(value.Subscribe(this));
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> value)
    {
        if (
            Mine.Value == this
            && value.Key == RelationalEventId.CommandExecuting.Name
            && value.Value is CommandEventData { Command: NpgsqlCommand command }
        )
            _all.Enqueue(command.Clone());
    }

    void IObserver<DiagnosticListener>.OnCompleted() { }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted() { }

    void IObserver<DiagnosticListener>.OnError(Exception error) { }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error) { }
}
