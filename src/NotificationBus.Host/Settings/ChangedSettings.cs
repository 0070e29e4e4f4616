using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Primitives;

namespace NotificationBus.Host.Settings;

/// <summary>
/// Says what a change of a file of settings does while the host runs: most of it nothing, before the host is started again.
/// </summary>
sealed partial class ChangedSettings(IConfiguration configuration, ILogger<ChangedSettings> log) : IHostedService, IDisposable
{
    readonly IConfigurationRoot _configuration = (IConfigurationRoot)configuration;
    readonly Lock _lock = new();

    IReadOnlyDictionary<string, string?> _atStart = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
    string _said = "";
    bool _isUnreadable;
    IDisposable? _watch;

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _atStart = Current();
        foreach (var source in Files())
        {
            // Thrown, it would be lost with the thread that watches the file.
            source.OnLoadException = failed =>
            {
                failed.Ignore = true;
                _isUnreadable = true;
                SettingsUnreadable(log, source.Path ?? "");
            };
        }

        _watch = ChangeToken.OnChange(_configuration.GetReloadToken, Compare);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public void Dispose() => _watch?.Dispose();

    void Compare()
    {
        lock (_lock)
        {
            // Not read, it looks as if everything had been taken out.
            if (_isUnreadable)
            {
                _isUnreadable = false;
                return;
            }

            // An editor writes a file in several steps, and each is a change.
            var now = Current();
            var changed = now
                .Keys.Concat(_atStart.Keys)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Where(key => now.GetValueOrDefault(key) != _atStart.GetValueOrDefault(key))
                .Order(StringComparer.Ordinal)
                .ToList();
            var said = string.Join(", ", changed);
            if (said == _said)
                return;

            _said = said;
            var (live, late) = (changed.Where(IsLive).ToList(), changed.Where(key => !IsLive(key)).ToList());
            if (live.Count > 0)
                AtOnce(log, string.Join(", ", live));
            if (late.Count > 0)
                AfterRestart(log, string.Join(", ", late));
            if (Wrong() is { } wrong)
                WouldNotStart(log, wrong);
        }
    }

    static bool IsLive(string key) => key.StartsWith($"{SettingsCheck.MinimumLevel}:", StringComparison.OrdinalIgnoreCase);

    string? Wrong()
    {
        try
        {
            SettingsCheck.Read(_configuration);
            return null;
        }
        catch (SettingsException exception)
        {
            return exception.Message.ReplaceLineEndings("; ");
        }
    }

    IEnumerable<JsonConfigurationSource> Files() =>
        _configuration.Providers.OfType<JsonConfigurationProvider>().Select(provider => (JsonConfigurationSource)provider.Source);

    Dictionary<string, string?> Current() =>
        OwnSettings
            .Of(_configuration)
            .AsEnumerable()
            .Where(setting => setting.Value is not null)
            .ToDictionary(setting => setting.Key, setting => setting.Value, StringComparer.OrdinalIgnoreCase);

    [LoggerMessage(LogLevel.Information, "A file of settings has changed. In force at once: {Settings}")]
    static partial void AtOnce(ILogger log, string settings);

    [LoggerMessage(LogLevel.Warning, "A file of settings has changed. In force only when the host is started again: {Settings}")]
    static partial void AfterRestart(ILogger log, string settings);

    [LoggerMessage(LogLevel.Error, "A file of settings has changed, and the host would not start with it: {Reason}")]
    static partial void WouldNotStart(ILogger log, string reason);

    [LoggerMessage(
        LogLevel.Error,
        "The file of settings {File} is no JSON any more. What was read at start stays in force until the host is started "
            + "again, which it would not do"
    )]
    static partial void SettingsUnreadable(ILogger log, string file);
}
