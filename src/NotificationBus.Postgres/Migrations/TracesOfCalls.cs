using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationBus.Postgres.Migrations;

[DbContext(typeof(NotificationBusDbContext))]
[Migration("20261201002000_TracesOfCalls")]
sealed class TracesOfCalls : SqlFileMigration;
