using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationBus.Postgres.Migrations;

[DbContext(typeof(NotificationBusDbContext))]
[Migration("20261121000800_Partitions")]
sealed class Partitions : SqlFileMigration;
