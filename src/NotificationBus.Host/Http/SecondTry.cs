using NotificationBus.Postgres;

namespace NotificationBus.Host.Http;

/// <summary>
/// Reads again what failed because a connection to the database had ended while nobody used it: the server is there, and the caller need
/// not come again.
/// </summary>
static class SecondTry
{
    /// <summary>Once, over a fresh connection, and only for what changes nothing.</summary>
    public static void UseSecondTry(this WebApplication app)
    {
        if (app.Services.GetService<DeadConnections>() is not { } dead)
            return;

        app.Use(
            async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                catch (Exception failure) when (dead.Forget(failure) && Reads(context.Request) && !context.Response.HasStarted)
                {
                    context.Response.Clear();
                    await next(context);
                }
            }
        );
    }

    static bool Reads(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
}
