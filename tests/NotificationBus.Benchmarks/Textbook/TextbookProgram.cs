using MassTransit;
using MassTransit.Configuration;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Benchmarks.Load;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>The same flow as MassTransit's documentation would have it.</summary>
sealed class TextbookProgram(IHost host) : IAsyncDisposable
{
    public static async Task<IAsyncDisposable> Start(Uri virtualHost, string database)
    {
        var builder = new HostApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<InstantProvider>();
        builder.Services.AddDbContext<TextbookDbContext>(context => context.UseNpgsql(database));
        builder.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.SetKebabCaseEndpointNameFormatter();
            bus.AddConsumer<SendEmailConsumer>();
            bus.AddConsumer<SendPushConsumer>();
            bus.AddSagaStateMachine<TextbookStateMachine, TextbookState, TextbookSagaDefinition>()
                .Repository(repository =>
                {
                    repository.RegisterLoadSagaRepository<TextbookState, EntityFrameworkSagaRepository>();
                    repository.RegisterSagaRepository<
                        TextbookState,
                        TextbookDbContext,
                        SagaConsumeContextFactory<TextbookDbContext, TextbookState>,
                        EntityFrameworkSagaRepository
                    >();
                });
            bus.AddConfigureEndpointsCallback(
                (_, endpoint) =>
                {
                    if (endpoint is IRabbitMqReceiveEndpointConfigurator queue)
                        queue.SetQuorumQueue();
                }
            );
            bus.UsingRabbitMq(
                (context, transport) =>
                {
                    transport.Host(virtualHost);
                    transport.ConfigureEndpoints(context);
                }
            );
        });

        var host = builder.Build();
        await using (var scope = host.Services.CreateAsyncScope())
            await scope
                .ServiceProvider.GetRequiredService<TextbookDbContext>()
                .Database.GetService<IRelationalDatabaseCreator>()
                .CreateTablesAsync();
        await host.StartAsync();
        return new TextbookProgram(host);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
