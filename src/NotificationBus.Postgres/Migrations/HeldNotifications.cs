using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace NotificationBus.Postgres.Migrations;

[DbContext(typeof(NotificationBusDbContext))]
[Migration("20261121001000_HeldNotifications")]
sealed class HeldNotifications : SqlFileMigration;
