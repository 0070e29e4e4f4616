using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationBus.Postgres.Migrations;

[DbContext(typeof(NotificationBusDbContext))]
[Migration("20261201008000_References")]
sealed class References : SqlFileMigration;
