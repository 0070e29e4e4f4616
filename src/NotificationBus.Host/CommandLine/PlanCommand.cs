using System.CommandLine;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Channels.Sms;
using NotificationBus.Contracts;
using NotificationBus.Host.Http;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Providers;

namespace NotificationBus.Host.CommandLine;

/// <summary>
/// <c>plan</c>: what would go where, and why, by the settings and the templates alone. No server is called, and nothing is sent.
/// </summary>
sealed class PlanCommand(CommandOutput output, TimeProvider clock)
{
    const int LongestPart = 100;

    /// <summary>The event by which a notification is asked for by category.</summary>
    const string RequestName = "notification-requested";

    readonly Argument<string> _file = new("file") { Description = "A JSON object; - reads the standard input." };

    readonly Option<string?> _event = new("--event")
    {
        Description = "The event that it is, such as order-placed; without it, a request for a notification by category.",
        HelpName = "name",
    };

    readonly Option<bool> _json = CommonOptions.Json();

    public Command Build()
    {
        var command = new Command(
            "plan",
            "Tells offline what would go where and why, by the settings of a host, which come after its own options. Nothing is sent."
        )
        {
            _file,
            _event,
            _json,
        };
        command.SetAction(Run);
        return command.WithSettings();
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = await EventFile.Read(parsed.GetRequiredValue(_file), cancellationToken);
        if (!file.IsOne)
            throw new CommandException(ExitCode.Wrong, "plan takes one JSON object");

        var (name, isJson) = (parsed.GetValue(_event) ?? RequestName, parsed.GetValue(_json));
        return await HostOptions.With(
            parsed.Settings(),
            async services =>
            {
                var maps = services.GetServices<IEventMap>().ToList();
                var map =
                    maps.Find(map => map.Name == name)
                    ?? throw new CommandException(
                        ExitCode.Wrong,
                        $"--event {Spelling.Unknown(name, [.. maps.Select(map => map.Name).Order(StringComparer.Ordinal)])}"
                    );
                var request = await map.Accept(new Reader(services, file.Items[0].Body));
                var planning = services.GetRequiredService<PlanningRules>();
                var plan = planning.Plan(request);
                var steps = Steps(services.GetRequiredService<ProviderChains>(), planning, request, plan, clock.GetUtcNow());
                await (isJson ? output.Json(AsJson(request, plan, steps)) : Tell(request, plan, steps));
                return plan.Refusal is null ? ExitCode.Done : ExitCode.NotThere;
            }
        );
    }

    static List<PlannedCall> Steps(
        ProviderChains chains,
        PlanningRules planning,
        NotificationRequest request,
        DeliveryPlan plan,
        DateTimeOffset now
    ) =>
        [
            .. plan.Deliveries.Select(planned =>
            {
                var command = new SendDelivery
                {
                    NotificationId = request.NotificationId,
                    DeliveryId = planned.Id,
                    Application = request.Application,
                    Channel = planned.Channel,
                    Address = planned.Address,
                    Category = request.Category,
                    RecipientId = request.Recipient.Id,
                    RecipientName = request.Recipient.Name,
                    Locale = request.Recipient.Locale,
                    Country = request.Recipient.Country,
                    Data = request.Data,
                    ExpiresAt = now + plan.Lifetime,
                    Lane = planning.RuleOf(request.Category).Lane,
                };
                var delivery = new Delivery
                {
                    NotificationId = request.NotificationId,
                    Id = planned.Id,
                    Channel = planned.Channel,
                    Address = planned.Address,
                    RecipientName = request.Recipient.Name,
                    Category = request.Category,
                    Content = planned.Content,
                };
                return new PlannedCall(planned, chains.Of(planned.Channel).AccountsFor(delivery, command));
            }),
        ];

    async Task Tell(NotificationRequest request, DeliveryPlan plan, IReadOnlyList<PlannedCall> calls)
    {
        await output.Line($"{request.Category} for {request.Recipient.Id}: {Summary(plan)}");
        await output.Line("as configured: what operators have set while the hosts run is not known here; 'event-types' lists it");
        foreach (var (planned, accounts) in calls)
        {
            await output.Line("");
            var by = accounts.Count == 0 ? "nobody: no account serves it" : string.Join(", then ", accounts);
            await output.Line($"step {planned.Step}  {planned.Channel} to {planned.Address}, by {by}");
            foreach (var part in planned.Content.Parts)
                await output.Line($"  {part.Name}: {PlainText.Of(part.Text.ReplaceLineEndings(" "), LongestPart)}");
            if (planned.Content.Files.Count > 0)
                await output.Line(
                    $"  fetched before the first call: {string.Join(", ", planned.Content.Files.Select(file => $"'{file.Name}'"))}"
                );
            if (planned.Content is SmsContent sms)
                await output.Line($"  billed as {sms.Segments} ({sms.Encoding})");
        }

        if (plan.LeftOut.Count > 0)
            await output.Line("");
        foreach (var left in plan.LeftOut)
            await output.Line($"left out: {left.Channel}, {left.Reason} ({left.Code})");
        foreach (var decision in request.Decisions)
            await output.Line($"note: {decision}");
        if (plan.Refusal is { } refusal)
            await output.Line($"nothing would be sent: {refusal.Reason}");
    }

    static string Summary(DeliveryPlan plan)
    {
        var mode = plan.Mode == DeliveryMode.AllAtOnce ? "all channels at once" : "one channel after the other, until one has worked";
        var escalation = plan.EscalateAfter is { } after ? $", the next one too after {after:c}" : "";
        return $"{mode}{escalation}; of use for {plan.Lifetime:c}";
    }

    static JsonObject AsJson(NotificationRequest request, DeliveryPlan plan, IReadOnlyList<PlannedCall> calls) =>
        new()
        {
            ["category"] = request.Category,
            ["recipient"] = request.Recipient.Id,
            ["mode"] = JsonNamingPolicy.KebabCaseLower.ConvertName($"{plan.Mode}"),
            ["lifetime"] = plan.Lifetime.ToString("c"),
            ["deliveries"] = new JsonArray([
                .. calls.Select(call => new JsonObject
                {
                    ["step"] = call.Planned.Step,
                    ["channel"] = call.Planned.Channel,
                    ["address"] = call.Planned.Address,
                    ["accounts"] = new JsonArray([.. call.Accounts.Select(account => (JsonNode)account)]),
                    ["parts"] = new JsonObject(
                        call.Planned.Content.Parts.Select(part => KeyValuePair.Create(part.Name, (JsonNode?)part.Text))
                    ),
                    ["files"] = new JsonArray([.. call.Planned.Content.Files.Select(file => (JsonNode)file.Name)]),
                }),
            ]),
            ["leftOut"] = new JsonArray([
                .. plan.LeftOut.Select(left => new JsonObject
                {
                    ["channel"] = left.Channel,
                    ["code"] = left.Code,
                    ["reason"] = left.Reason,
                }),
            ]),
            ["decisions"] = new JsonArray([.. request.Decisions.Select(decision => (JsonNode)decision)]),
            ["refusal"] = plan.Refusal?.Reason,
        };

    /// <summary>A delivery, and the accounts that would be tried, in order.</summary>
    sealed record PlannedCall(PlannedDelivery Planned, IReadOnlyList<string> Accounts);

    /// <summary>Reads the file as the API reads a body, with the same refusals.</summary>
    sealed class Reader(IServiceProvider services, byte[] json) : IEventMapVisitor<Task<NotificationRequest>>
    {
        public async Task<NotificationRequest> Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class
        {
            var context = new DefaultHttpContext
            {
                RequestServices = services,
                Request =
                {
                    Method = HttpMethods.Post,
                    ContentType = MediaTypeNames.Application.Json,
                    ContentLength = json.Length,
                    Body = new MemoryStream(json),
                },
                Response = { Body = new MemoryStream() },
            };
            var (happened, refusal) = await JsonBody.Read<TEvent>(context.Request);
            if (refusal is not null)
                throw await Refused(refusal, context);

            var request = map.Read(happened!, Guid.CreateVersion7());
            if (services.GetRequiredService<IntakeRules>().Check(request, map.RecipientProperty) is { Count: > 0 } errors)
                throw await Refused(Problems.Validation(errors), context);
            return request;
        }

        static async Task<CommandException> Refused(IResult refusal, HttpContext context)
        {
            await refusal.ExecuteAsync(context);
            return new CommandException(
                ExitCode.Wrong,
                ProblemText.Of(Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray())) ?? "the file is refused"
            );
        }
    }
}
