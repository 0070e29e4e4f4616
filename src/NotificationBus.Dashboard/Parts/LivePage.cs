using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Hosting;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard.Parts;

/// <summary>
/// A page that shows how things stand: it asks when it is opened, and then every two seconds. What is open in other windows is asked once
/// for all (<see cref="SharedAnswers"/>).
/// </summary>
public abstract class LivePage : ComponentBase, IDisposable
{
    readonly CancellationTokenSource _left = new();

    [Inject]
    protected ApiClient Api { get; set; } = null!;

    [Inject]
    protected ConsoleUser User { get; set; } = null!;

    [Inject]
    protected TimeProvider Clock { get; set; } = null!;

    [Inject]
    protected NavigationManager Navigation { get; set; } = null!;

    [Inject]
    IHostApplicationLifetime Host { get; set; } = null!;

    /// <summary>Why the page could not be filled; null when it could.</summary>
    protected ApiException? Refused { get; private set; }

    /// <summary>True once there is something to show.</summary>
    protected bool IsLoaded { get; private set; }

    /// <summary>How long a page waits before it asks again; null when it does not.</summary>
    protected virtual TimeSpan? Interval => TimeSpan.FromSeconds(2);

    /// <summary>Asks for what the page shows.</summary>
    protected abstract Task Load();

    /// <summary>Asks now.</summary>
    protected async Task Refresh()
    {
        try
        {
            await Load();
            (Refused, IsLoaded) = (null, true);
        }
        catch (ApiException refused)
        {
            Refused = refused;
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        await User.Look();
        await Refresh();
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && Interval is { } interval)
            _ = Watch(interval);
    }

    async Task Watch(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(_left.Token, Host.ApplicationStopping);
        try
        {
            while (await timer.WaitForNextTickAsync(leave.Token))
                await InvokeAsync(async () =>
                {
                    await Refresh();
                    if (!leave.IsCancellationRequested)
                        StateHasChanged();
                });
        }
        catch (OperationCanceledException)
        {
            // The page is left, or the host stops.
        }
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;

        _left.Cancel();
        _left.Dispose();
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }
}
