using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Host.Access;
using NotificationBus.Host.OpenApi;
using NotificationBus.Intake;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Saga;

namespace NotificationBus.Host.Http;

/// <summary><c>POST /v1/withdrawals</c>: sends none of the notifications that have a business key.</summary>
static class WithdrawalsApi
{
    // Each takes the ledger some milliseconds. Whoever has more publishes WithdrawNotifications, which has no limit.
    const int MostLookedAt = 10_000;

    public static void MapWithdrawals(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/withdrawals", Withdraw)
            .Describe(
                "withdrawNotifications",
                NotificationsApi.Tag,
                "Sends none of the notifications with a business key, also those that have yet to begin."
            )
            .Takes<WithdrawalRequest>()
            .Answers<WithdrawalPreview>()
            .Answers<WithdrawalAnswer>(StatusCodes.Status202Accepted)
            .Refuses(413, 415, 429);

    /// <summary>
    /// 200 with what it would be about, when that is asked for. Else 202 with what became of the deliveries: all of it is in the ledger,
    /// and the saga follows.
    /// </summary>
    static async Task<IResult> Withdraw(
        HttpRequest request,
        WithdrawalRules rules,
        Withdrawals withdrawals,
        IControls controls,
        IntakeGate gate
    )
    {
        var (body, refusal) = await JsonBody.Read<WithdrawalRequest>(request);
        if (refusal is not null)
            return refusal;

        var errors = new FieldErrors();
        var isPreview = body!.Preview == true;
        var by = isPreview ? new ChangedBy("", "") : errors.ReadBy(request, body.By, body.Why);
        var command = new WithdrawNotifications
        {
            Key = body.Key,
            Categories = body.Categories,
            Before = body.Before,
            By = by.Who,
            Why = by.Why,
        };
        if (request.HttpContext.HasToNameOne())
            errors.Add(ApplicationWall.Parameter, "must say whose they are, as ?application=shop: you see all");
        foreach (var breach in errors.UntilFull(rules.Check(command)))
            errors.Add(breach.Path, breach.Error);
        if (errors.Any)
            return Problems.Validation(errors.ByField);

        var withdrawal = rules.Read(command, request.HttpContext.ActsFor());
        if (isPreview)
        {
            var (byState, isWhole) = await withdrawals.Preview(withdrawal, MostLookedAt, request.HttpContext.RequestAborted);
            return Results.Ok(
                new WithdrawalPreview(
                    byState.Values.Sum(),
                    byState.ToDictionary(one => NotificationView.StatusOf(one.Key), one => one.Value, StringComparer.Ordinal),
                    isWhole
                )
            );
        }

        gate.RefuseWhileClosed();
        // Not cancelled with the request: whoever hangs up has said it.
        var deliveries = await withdrawals.Withdraw(withdrawal, Guid.CreateVersion7(), MostLookedAt, CancellationToken.None);
        await controls.Note(
            $"key {withdrawal.Key}",
            by,
            JsonSerializer.SerializeToElement(
                new
                {
                    withdraw = withdrawal.Categories,
                    before = withdrawal.Before,
                    application = withdrawal.Application,
                }
            ),
            CancellationToken.None
        );
        return Results.Accepted(
            value: new WithdrawalAnswer(deliveries.Withdrawn, deliveries.Sent, deliveries.InDoubt, deliveries.IsComplete, withdrawal.Before)
        );
    }
}

/// <summary>The withdrawal of all notifications with a business key.</summary>
public sealed record WithdrawalRequest
{
    /// <summary>The business key, as <c>order:4711</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The categories, 1 to 50. What is told about an order besides goes on.</summary>
    public required IReadOnlyList<string> Categories { get; init; }

    /// <summary>
    /// Those that begin before then, at most 90 days from now; later ones are sent. By default those of the next while are withdrawn as
    /// well, as <c>Withdrawals:KeptFor</c> says.
    /// </summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>True: withdraws nothing, and says how many there are and how they stand.</summary>
    public bool? Preview { get; init; }

    /// <summary>Name of whoever withdraws them; for whom, when there is a key. A preview needs none.</summary>
    public string? By { get; init; }

    /// <summary>The reason, which has to be said. A preview needs none.</summary>
    public string? Why { get; init; }
}

/// <summary>The notifications that a withdrawal would be about. Nothing is changed.</summary>
/// <param name="Found">How many have begun.</param>
/// <param name="Statuses">How many of them there are of each status.</param>
/// <param name="IsComplete">False when there are more than were looked at.</param>
public sealed record WithdrawalPreview(int Found, IReadOnlyDictionary<string, int> Statuses, bool IsComplete);

/// <summary>
/// What became of the deliveries that were withdrawn. Each is counted once, unless it has failed or was not needed. The same call again
/// gives the same, until what is in doubt is decided.
/// </summary>
/// <param name="Withdrawn">No provider has them, and none will get them.</param>
/// <param name="Sent">A provider had taken them.</param>
/// <param name="InDoubt">A provider is being called for them at this moment, or may have them. They are not sent again.</param>
/// <param name="IsComplete">False when there are more notifications than were looked at: publish <c>WithdrawNotifications</c>.</param>
/// <param name="Before">Also those that begin before then are withdrawn.</param>
public sealed record WithdrawalAnswer(long Withdrawn, long Sent, long InDoubt, bool IsComplete, DateTimeOffset Before);
