using Microsoft.Extensions.Options;
using NotificationBus.Contents;
using NotificationBus.Intake;
using NotificationBus.Planning;
using NotificationBus.Receipts;
using NotificationBus.Subscriptions;

namespace NotificationBus.Saga;

/// <summary>The steps of the saga by what they are about, made with rules, channels, texts and the clock.</summary>
public sealed class NotificationSteps
{
    /// <summary>Makes the steps.</summary>
    /// <param name="intake">What an event must say.</param>
    /// <param name="planning">Which deliveries there are, and what their commands say.</param>
    /// <param name="packing">How what they say is kept.</param>
    /// <param name="receipts">What counts as read.</param>
    /// <param name="applications">To which application an event belongs.</param>
    /// <param name="clock">The record's clock.</param>
    /// <param name="board">Who is told of it; null for nobody.</param>
    public NotificationSteps(
        IntakeRules intake,
        PlanningRules planning,
        ContentPacking packing,
        IOptions<ReceiptsOptions> receipts,
        IMessageApplications applications,
        TimeProvider clock,
        SubscriptionBoard? board = null
    )
    {
        Plan = new PlanSteps(intake, planning, packing, applications, clock);
        Interventions = new InterventionSteps(clock);
        Results = new ResultSteps(Interventions, clock);
        Receipts = new ReceiptSteps(new ClickRules(receipts.Value), clock);
        Effects = new EffectSteps(planning);
        Notes = new StepNotes(clock);
        News = new StepNews(board, clock);
    }

    /// <summary>How it begins, goes on and ends.</summary>
    internal PlanSteps Plan { get; }

    /// <summary>What workers report.</summary>
    internal ResultSteps Results { get; }

    /// <summary>What vendors report.</summary>
    internal ReceiptSteps Receipts { get; }

    /// <summary>What people decide.</summary>
    internal InterventionSteps Interventions { get; }

    /// <summary>What follows.</summary>
    internal EffectSteps Effects { get; }

    /// <summary>What is kept of a step.</summary>
    internal StepNotes Notes { get; }

    /// <summary>What others are told of a step.</summary>
    internal StepNews News { get; }
}
