using System.CommandLine;
using System.Text.Json.Nodes;
using NotificationBus.Host.Settings;
using NotificationBus.Providers;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>check-config</c>: whether a host would start with these settings and texts, without a server.</summary>
sealed class CheckConfigCommand(CommandOutput output)
{
    readonly Option<bool> _json = CommonOptions.Json();

    public Command Build()
    {
        var command = new Command(
            "check-config",
            "Reads the settings and the templates as the host would, and ends; a wrong one has exit code 2. It calls no server."
        )
        {
            _json,
        };
        command.SetAction((parsed, cancellationToken) => Run(parsed.Settings(), parsed.GetValue(_json), cancellationToken));
        return command.WithSettings();
    }

    Task<int> Run(string[] settings, bool isJson, CancellationToken cancellationToken) =>
        HostOptions.With(
            settings,
            async services =>
            {
                var read = services.GetRequiredService<HostSettings>();
                var chains = services.GetRequiredService<ProviderChains>();
                var templates = services.GetRequiredService<Templates.ITemplates>();
                // Of those that look at a server nothing is asked.
                var unused = services.GetServices<IStartWarnings>().OfType<UnusedSettings>().Single();
                var warnings = await unused.Find(isProduction: true, cancellationToken);
                if (isJson)
                {
                    await output.Json(
                        new JsonObject
                        {
                            ["transport"] = $"{read.Transport}",
                            ["channels"] = new JsonObject(
                                chains.All.Select(chain =>
                                    KeyValuePair.Create(
                                        chain.Channel.Name,
                                        (JsonNode?)new JsonArray([.. chain.Accounts.Select(account => (JsonNode)account.Name)])
                                    )
                                )
                            ),
                            ["categories"] = new JsonArray([.. templates.Categories.Select(category => (JsonNode)category)]),
                            ["warnings"] = new JsonArray([.. warnings.Select(warning => (JsonNode)warning)]),
                        }
                    );
                    return ExitCode.Done;
                }

                await output.Table(
                    ["channel", "accounts"],
                    [
                        .. chains.All.Select(
                            IReadOnlyList<string?> (chain) =>
                                [chain.Channel.Name, string.Join(", ", chain.Accounts.Select(account => account.Name))]
                        ),
                    ],
                    "there is no channel"
                );
                foreach (var warning in warnings)
                    await output.Line($"warning: {warning}");
                await output.Line(
                    $"a host would start with these settings: {read.Transport}, texts of {templates.Categories.Count} categories"
                );
                return ExitCode.Done;
            }
        );
}
