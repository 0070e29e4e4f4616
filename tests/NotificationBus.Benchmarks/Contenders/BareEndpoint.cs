using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace NotificationBus.Benchmarks.Contenders;

/// <summary>The least an endpoint can do that promises to remember: ASP.NET Core, and one row for each call.</summary>
static class BareEndpoint
{
    public static async Task<IAsyncDisposable> Start(string database)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var prepared = new NpgsqlConnectionStringBuilder(database) { MaxAutoPrepare = 4 };
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(prepared));

        var app = builder.Build();
        await using (
            var table = app
                .Services.GetRequiredService<NpgsqlDataSource>()
                .CreateCommand(
                    """
                    CREATE TABLE notification (
                        id uuid PRIMARY KEY,
                        category text NOT NULL,
                        recipient_id text NOT NULL,
                        push_tokens text[] NOT NULL,
                        data jsonb NOT NULL,
                        created_at timestamptz NOT NULL DEFAULT clock_timestamp())
                    """
                )
        )
            await table.ExecuteNonQueryAsync();

        app.MapPost("/v1/notifications", Insert);
        await app.StartAsync();
        return app;
    }

    static async Task<IResult> Insert(BareRequest request, NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7();
        await using var command = source.CreateCommand(
            "INSERT INTO notification (id, category, recipient_id, push_tokens, data) VALUES ($1, $2, $3, $4, $5)"
        );
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = request.Category });
        command.Parameters.Add(new() { Value = request.Recipient.Id });
        command.Parameters.Add(new() { Value = request.Recipient.PushTokens });
        command.Parameters.Add(new() { Value = request.Data.GetRawText(), NpgsqlDbType = NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return Results.Accepted(value: new BareAnswer(id));
    }
}

/// <summary>What the load asks for.</summary>
sealed record BareRequest(string Category, BareRecipient Recipient, JsonElement Data);

/// <summary>Who is told.</summary>
sealed record BareRecipient(string Id, string? Locale, string[] PushTokens);

/// <summary>What was inserted.</summary>
sealed record BareAnswer(Guid Id);
