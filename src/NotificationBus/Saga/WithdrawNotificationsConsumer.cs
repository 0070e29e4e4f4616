using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Saga;

/// <summary>Withdraws notifications by their business key.</summary>
public sealed class WithdrawNotificationsConsumer(WithdrawalRules rules, Withdrawals withdrawals, IMessageApplications applications)
    : IConsumer<WithdrawNotifications>
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<WithdrawNotifications> context)
    {
        Demand(rules.Check(context.Message));
        var withdrawal = rules.Read(context.Message, applications.Of(context.ReceiveContext));
        await withdrawals.Withdraw(withdrawal, context.InputId(), int.MaxValue, context.CancellationToken);
    }

    internal static void Demand(IReadOnlyList<Breach> breaches)
    {
        if (breaches.Count > 0)
            throw new InvalidEventException(string.Join("; ", breaches.Select(breach => $"{breach.Path} {breach.Error}")));
    }
}

/// <summary>Withdraws the notifications that an event makes superfluous.</summary>
public sealed class WithdrawingEventConsumer<TEvent>(
    WithdrawalMap<TEvent> map,
    WithdrawalRules rules,
    Withdrawals withdrawals,
    IMessageApplications applications
) : IConsumer<TEvent>
    where TEvent : class
{
    /// <inheritdoc />
    public async Task Consume(ConsumeContext<TEvent> context)
    {
        WithdrawNotificationsConsumer.Demand(WithdrawalRules.Check(map, context.Message));
        if (rules.Of(map, context.Message, applications.Of(context.ReceiveContext)) is { } withdrawal)
            await withdrawals.Withdraw(withdrawal, context.InputId(), int.MaxValue, context.CancellationToken);
    }
}
