using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NotificationBus.Templates;

/// <summary>
/// Has the texts put on record that this host plans with, once, when it starts. The host does not wait for that: it is for people who look
/// back.
/// </summary>
public sealed partial class DeployedTexts(ITemplates templates, ITemplateVersions versions, TimeProvider clock, ILogger<DeployedTexts> log)
    : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<LoadedTexts> loaded =
        [
            .. Loaded(templates, application: null),
            // Of its own are those alone that differ.
            .. templates.Applications.SelectMany(application =>
                Loaded(templates.For(application), application).Where(own => own.Version != templates.VersionOf(own.Category))
            ),
        ];
        var isSaid = false;
        while (loaded.Count > 0 && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await versions.Keep(loaded, stoppingToken);
                return;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isSaid)
                    TextsNotKept(exception);
                isSaid = true;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static IEnumerable<LoadedTexts> Loaded(ITemplates templates, string? application) =>
        templates
            .Categories.Where(category => templates.VersionOf(category) is not null)
            .Select(category => new LoadedTexts(category, templates.VersionOf(category)!, templates.TextsOf(category))
            {
                Application = application,
            });

    [LoggerMessage(LogLevel.Warning, "The versions of the texts could not be put on record yet; it is tried again until they are")]
    partial void TextsNotKept(Exception exception);
}
