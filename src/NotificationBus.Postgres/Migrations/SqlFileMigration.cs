using System.Reflection;
using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationBus.Postgres.Migrations;

/// <summary>A migration that is the SQL file of its own name: what an operator reads is what runs.</summary>
abstract class SqlFileMigration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        var id = GetType().GetCustomAttribute<MigrationAttribute>()!.Id;
        using var file =
            typeof(SqlFileMigration).Assembly.GetManifestResourceStream($"NotificationBus.Postgres.Migrations.{id}.sql")
            ?? throw new InvalidOperationException($"The file of migration {id} is not embedded");
        using var reader = new StreamReader(file);
        migrationBuilder.Sql(reader.ReadToEnd());
    }
}
