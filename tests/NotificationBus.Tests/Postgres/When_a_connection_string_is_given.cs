using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Postgres;
using Npgsql;

namespace NotificationBus.Tests.Postgres;

public sealed class When_a_connection_string_is_given
{
    /// <summary>A19: refused with the smallest number that works.</summary>
    [Theory]
    [InlineData("Maximum Pool Size=1")]
    [InlineData("MaxPoolSize=2")]
    public void Should_refuse_a_pool_that_cannot_work(string pool) =>
        Should
            .Throw<SettingsException>(() => new ServiceCollection().AddPostgresStore($"Host=localhost;{pool}"))
            .Message.ShouldSatisfyAllConditions(
                message => message.ShouldStartWith("ConnectionStrings:Postgres: Maximum Pool Size="),
                message => message.ShouldContain("3 is the least")
            );

    /// <summary>A19: that number, no pool at all, and what nobody has set.</summary>
    [Theory]
    [InlineData("Host=localhost;Maximum Pool Size=3")]
    [InlineData("Host=localhost;Pooling=false;Maximum Pool Size=1")]
    [InlineData("Host=localhost")]
    public void Should_take_a_pool_that_works(string connectionString) =>
        new ServiceCollection().AddPostgresStore(connectionString).ShouldNotBeEmpty();

    /// <summary>A3: of several servers only one takes what is written, unless somebody knows better.</summary>
    [Theory]
    [InlineData("Host=one,other", "primary")]
    [InlineData("Host=one:5432,other:5433", "primary")]
    [InlineData("Host=one,other;Target Session Attributes=read-write", "read-write")]
    [InlineData("Host=one", null)]
    public async Task Should_look_for_the_primary_among_several(string connectionString, string? wanted)
    {
        await using var services = new ServiceCollection().AddPostgresStore(connectionString).BuildServiceProvider();

        foreach (
            var source in (NpgsqlDataSource[])
                [
                    services.GetRequiredService<NpgsqlDataSource>(),
                    services.GetRequiredKeyedService<NpgsqlDataSource>(PostgresSetup.Operators),
                ]
        )
            new NpgsqlConnectionStringBuilder(source.ConnectionString).TargetSessionAttributes.ShouldBe(wanted);
    }

    /// <summary>D: a certificate that nobody looks at.</summary>
    [Theory]
    [InlineData("Host=db.example.com", "db.example.com")]
    [InlineData("Host=localhost,10.0.0.7:5433", "10.0.0.7")]
    [InlineData("Host=db.example.com;SSL Mode=Require", "db.example.com")]
    [InlineData("Host=db.example.com;SSL Mode=Disable", "db.example.com")]
    [InlineData("Host=[2001:db8::1]:5432", "2001:db8::1")]
    [InlineData("Host=db.example.com;SSL Mode=VerifyFull", null)]
    [InlineData("Host=db.example.com;SSL Mode=VerifyCA", null)]
    [InlineData("Host=localhost", null)]
    [InlineData("Host=127.0.0.1,[::1]:5433", null)]
    [InlineData("Host=/var/run/postgresql", null)]
    public void Should_know_who_is_reached_without_a_look_at_the_certificate(string connectionString, string? host) =>
        Transit.Unverified(connectionString).ShouldBe(host);
}
