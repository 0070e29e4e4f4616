using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Templates;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The versions of texts in PostgreSQL: what was in each, and when each was deployed.</summary>
public sealed class PostgresTemplateVersions([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database) : ITemplateVersions
{
    // Hosts that start at the same moment take turns, or each would write that the version is new.
    const string TakeTurns = "SELECT pg_advisory_xact_lock(hashtextextended('template_deployment', 0))";

    const string KeepLoaded = """
        WITH loaded AS (SELECT * FROM unnest(@category, @version, @texts, @application) AS l (category, version, texts, application)),
        kept AS (
            INSERT INTO template_version (category, version, texts) SELECT category, version, texts::jsonb FROM loaded
            ON CONFLICT (category, version) DO NOTHING)
        INSERT INTO template_deployment (category, version, application)
        SELECT l.category, l.version, l.application FROM loaded l
        WHERE l.version IS DISTINCT FROM (
            SELECT d.version FROM template_deployment d
            WHERE d.category = l.category AND d.application IS NOT DISTINCT FROM l.application ORDER BY d.number DESC LIMIT 1)
        """;

    // Until when it may have been used: a day after the next was loaded somewhere, or until it was loaded again itself.
    const string Deployments = """
        SELECT d.version, d.since,
            (SELECT min(n.since) FROM template_deployment n
                WHERE n.category = d.category AND n.application IS NOT DISTINCT FROM d.application AND n.number > d.number),
            (SELECT min(n.since) FROM template_deployment n
                WHERE n.category = d.category AND n.application IS NOT DISTINCT FROM d.application AND n.version = d.version
                    AND n.number > d.number),
            d.application
        FROM template_deployment d WHERE d.category = @category ORDER BY d.number DESC LIMIT @limit
        """;

    // Those for all, and of the applications' own those of the one that asks.
    const string Texts = """
        SELECT v.texts FROM template_version v
        WHERE v.category = @category AND v.version = @version AND (@application::text IS NULL OR EXISTS (
            SELECT FROM template_deployment d
            WHERE d.category = v.category AND d.version = v.version AND (d.application IS NULL OR d.application = @application::text)))
        """;

    // A host that plans begins to before it has said what it has loaded.
    const string Count = """
        SELECT count(*)::int FROM (
            SELECT FROM notification
            WHERE category = @category AND template_version = @version
                AND created_at >= @since - interval '1 minute' AND created_at < @until
            LIMIT @most) AS used
        """;

    // What is not counted by then is not, and the page says so.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    const int LongestCount = 2;

    /// <inheritdoc />
    public Task Keep(IReadOnlyList<LoadedTexts> loaded, CancellationToken cancellationToken) =>
        database.Commit(
            async connection =>
            {
                await using (var turns = new NpgsqlCommand(TakeTurns, connection))
                    await turns.ExecuteNonQueryAsync(cancellationToken);
                await using var command = new NpgsqlCommand(KeepLoaded, connection);
                command.Parameters.Add("category", loaded, one => one.Category);
                command.Parameters.Add("version", loaded, one => one.Version);
                command.Parameters.Add(
                    "texts",
                    loaded,
                    one => JsonSerializer.Serialize(one.Texts.ToDictionary(text => text.Name, text => text.Text, StringComparer.Ordinal))
                );
                command.Parameters.Add("application", loaded, one => one.Application);
                return await command.ExecuteNonQueryAsync(cancellationToken);
            },
            cancellationToken
        );

    /// <inheritdoc />
    public async Task<IReadOnlyList<TemplateDeployment>> Of(string category, int limit, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = new List<(TemplateDeployment Deployment, DateTimeOffset UsedBefore)>();
        await using (var command = new NpgsqlCommand(Deployments, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string>("category", category));
            command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var until = Time(reader, 2);
                found.Add(
                    (
                        new TemplateDeployment(reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), until, Used: null)
                        {
                            Application = reader.IsDBNull(4) ? null : reader.GetString(4),
                        },
                        Time(reader, 3) ?? until?.AddDays(1) ?? DateTimeOffset.MaxValue
                    )
                );
            }
        }

        var counted = new List<TemplateDeployment>();
        foreach (var (one, before) in found)
            counted.Add(Stopwatch.GetElapsedTime(began) < Patience ? await Counted(connection, category, one, before) : one);
        return counted;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<TemplateText>?> TextsOf(
        string category,
        string version,
        string? application,
        CancellationToken cancellationToken
    )
    {
        await using var command = database.CreateCommand(Texts);
        command.Parameters.Add(new NpgsqlParameter<string?>("application", application));
        command.Parameters.Add(new NpgsqlParameter<string>("category", category));
        command.Parameters.Add(new NpgsqlParameter<string>("version", version));
        return await command.ExecuteScalarAsync(cancellationToken) is string texts
            ?
            [
                .. JsonSerializer
                    .Deserialize<Dictionary<string, string>>(texts)!
                    .Select(text => new TemplateText(text.Key, text.Value))
                    .OrderBy(text => text.Name, StringComparer.Ordinal),
            ]
            : null;
    }

    static async Task<TemplateDeployment> Counted(
        NpgsqlConnection connection,
        string category,
        TemplateDeployment one,
        DateTimeOffset before
    )
    {
        await using var command = new NpgsqlCommand(Count, connection) { CommandTimeout = LongestCount };
        command.Parameters.Add(new NpgsqlParameter<string>("category", category));
        command.Parameters.Add(new NpgsqlParameter<string>("version", one.Version));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("since", one.Since.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("until", before.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<int>("most", ITemplateVersions.MostCounted));
        try
        {
            return one with { Used = (int)(await command.ExecuteScalarAsync(CancellationToken.None))! };
        }
        catch (NpgsqlException late) when (late.InnerException is TimeoutException || late.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            return one;
        }
    }

    static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
