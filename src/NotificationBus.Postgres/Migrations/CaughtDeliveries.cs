using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationBus.Postgres.Migrations;

[DbContext(typeof(NotificationBusDbContext))]
[Migration("20261129006000_CaughtDeliveries")]
sealed class CaughtDeliveries : SqlFileMigration;
