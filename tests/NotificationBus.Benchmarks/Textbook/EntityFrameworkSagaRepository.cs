using System.Data;
using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;
using Microsoft.EntityFrameworkCore;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>
/// What MassTransit's own package for EF Core does with optimistic concurrency and its other defaults, which cannot be restored where
/// this is built: one context and one transaction (read committed) for each message, loaded by id, saved with the row's version.
/// </summary>
sealed class EntityFrameworkSagaRepository(
    TextbookDbContext database,
    ISagaConsumeContextFactory<TextbookDbContext, TextbookState> contexts
) : ISagaRepositoryContextFactory<TextbookState>, ILoadSagaRepositoryContextFactory<TextbookState>
{
    public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<TextbookState, T>> next)
        where T : class
    {
        await using var transaction = await database.Database.BeginTransactionAsync(
            IsolationLevel.ReadCommitted,
            context.CancellationToken
        );
        try
        {
            await next.Send(new RepositoryContext<T>(database, context, contexts));
            await transaction.CommitAsync(context.CancellationToken);
        }
        catch (DbUpdateException lost)
        {
            throw new ConcurrencyException(
                "Somebody else wrote the saga first",
                typeof(TextbookState),
                context.CorrelationId ?? Guid.Empty,
                lost
            );
        }
    }

    public Task SendQuery<T>(
        ConsumeContext<T> context,
        ISagaQuery<TextbookState> query,
        IPipe<SagaRepositoryQueryContext<TextbookState, T>> next
    )
        where T : class => throw new NotSupportedException("Every message is correlated by id");

    public Task<T> Execute<T>(
        Func<LoadSagaRepositoryContext<TextbookState>, Task<T>> asyncMethod,
        CancellationToken cancellationToken = default
    )
        where T : class => throw new NotSupportedException("Nobody loads sagas here");

    public void Probe(ProbeContext context) => context.CreateScope("entityFrameworkSagaRepository");

    sealed class RepositoryContext<T>(
        TextbookDbContext database,
        ConsumeContext<T> consumeContext,
        ISagaConsumeContextFactory<TextbookDbContext, TextbookState> contexts
    ) : ConsumeContextScope<T>(consumeContext, database), SagaRepositoryContext<TextbookState, T>
        where T : class
    {
        readonly ConsumeContext<T> _consumeContext = consumeContext;

        public Task<SagaConsumeContext<TextbookState, T>> Add(TextbookState instance) =>
            contexts.CreateSagaConsumeContext(database, _consumeContext, instance, SagaConsumeContextMode.Add);

        public async Task<SagaConsumeContext<TextbookState, T>> Insert(TextbookState instance)
        {
            await database.Notifications.AddAsync(instance, CancellationToken);
            await database.SaveChangesAsync(CancellationToken);
            return await contexts.CreateSagaConsumeContext(database, _consumeContext, instance, SagaConsumeContextMode.Insert);
        }

        public async Task<SagaConsumeContext<TextbookState, T>> Load(Guid correlationId)
        {
            var instance = await database.Notifications.SingleOrDefaultAsync(
                saga => saga.CorrelationId == correlationId,
                CancellationToken
            );
            return instance is null
                ? null!
                : await contexts.CreateSagaConsumeContext(database, _consumeContext, instance, SagaConsumeContextMode.Load);
        }

        public async Task Save(SagaConsumeContext<TextbookState> context)
        {
            await database.Notifications.AddAsync(context.Saga, CancellationToken);
            await database.SaveChangesAsync(CancellationToken);
        }

        public Task Update(SagaConsumeContext<TextbookState> context) => database.SaveChangesAsync(CancellationToken);

        public Task Delete(SagaConsumeContext<TextbookState> context)
        {
            database.Notifications.Remove(context.Saga);
            return database.SaveChangesAsync(CancellationToken);
        }

        public Task Discard(SagaConsumeContext<TextbookState> context) => Task.CompletedTask;

        public Task Undo(SagaConsumeContext<TextbookState> context) => Task.CompletedTask;

        public Task<SagaConsumeContext<TextbookState, TOther>> CreateSagaConsumeContext<TOther>(
            ConsumeContext<TOther> consumeContext,
            TextbookState instance,
            SagaConsumeContextMode mode
        )
            where TOther : class => contexts.CreateSagaConsumeContext(database, consumeContext, instance, mode);
    }
}
