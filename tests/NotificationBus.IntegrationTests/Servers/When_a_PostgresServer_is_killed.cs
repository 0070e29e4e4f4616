using Npgsql;

namespace NotificationBus.IntegrationTests.Servers;

[Trait("Server", "PostgreSQL")]
public sealed class When_a_PostgresServer_is_killed(PostgresOfTheClass postgres) : IClassFixture<PostgresOfTheClass>
{
    [Fact]
    public async Task Should_come_back_with_what_was_committed()
    {
        var server = await postgres.Server;
        var database = await server.CreateDatabase();
        await Execute(database, "CREATE TABLE orders (id int)");
        await Execute(database, "INSERT INTO orders VALUES (4711)");

        await server.Kill();
        await Should.ThrowAsync<NpgsqlException>(() => Execute(database, "SELECT 1"));
        await server.Restart();

        (await Execute(database, "SELECT id FROM orders")).ShouldBe(4711);
    }

    [Fact]
    public async Task Should_come_back_from_a_stop_in_good_order()
    {
        var server = await postgres.Server;
        var database = await server.CreateDatabase();
        await Execute(database, "CREATE TABLE orders (id int)");
        await Execute(database, "INSERT INTO orders VALUES (4711)");

        await server.Stop();
        await server.Restart();

        (await Execute(database, "SELECT id FROM orders")).ShouldBe(4711);
    }

    [Fact]
    public async Task Should_answer_again_after_a_freeze()
    {
        var server = await postgres.Server;
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT 4711", connection);

        server.Freeze();
        var asking = command.ExecuteScalarAsync();
        await Should.ThrowAsync<TimeoutException>(() => asking.WaitAsync(TimeSpan.FromSeconds(1)));
        server.Thaw();

        (await asking.WaitAsync(TimeSpan.FromMinutes(2))).ShouldBe(4711);
    }

    static async Task<object?> Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
