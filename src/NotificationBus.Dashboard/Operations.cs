using Microsoft.AspNetCore.Components;
using MudBlazor;
using NotificationBus.Dashboard.Api;
using NotificationBus.Dashboard.Parts;

namespace NotificationBus.Dashboard;

/// <summary>
/// What operators change from a page. Each asks for the reason first, says afterwards what was done, and is refused by the API where the
/// key does not open it.
/// </summary>
public sealed class Operations(ApiClient api, ConsoleUser user, IDialogService dialogs, ISnackbar snackbar)
{
    /// <summary>Pauses a channel, or resumes it.</summary>
    public Task Pause(string channel, bool paused) =>
        Ask(
            paused ? $"Pause {Words.Channel(channel)}" : $"Resume {Words.Channel(channel)}",
            paused
                ? "Nothing is sent on it any more. What is to be sent waits, and goes out when it is resumed; what waits too long expires."
                : "What waits goes out now.",
            paused ? "Pause" : "Resume",
            paused ? "a wrong template" : "mended",
            async why =>
            {
                var order = await OrderOf(channel);
                await api.Do(HttpMethod.Put, $"/v1/channels/{channel}", Said(why, ("paused", paused), ("order", order)));
            },
            paused ? $"{Words.Channel(channel)} is paused." : $"{Words.Channel(channel)} sends again.",
            isDanger: paused
        );

    /// <summary>Decides about a delivery of which nobody knows whether it was sent.</summary>
    public Task Decide(Guid notification, Guid delivery, string decision) =>
        Ask(
            DecisionTitle(decision),
            DecisionExplains(decision),
            DecisionTitle(decision),
            "the provider says so",
            why =>
                api.Do(
                    HttpMethod.Post,
                    $"/v1/notifications/{notification}/deliveries/{delivery}/decision",
                    Said(why, ("decision", decision))
                ),
            "It is decided."
        );

    /// <summary>Sends a delivery that has ended once more.</summary>
    public Task SendAgain(Guid notification, Guid delivery) =>
        Ask(
            "Send again",
            "A notification of its own goes to this address. If the first one did arrive, somebody has it twice.",
            "Send again",
            "they say that it never came",
            why => api.Do(HttpMethod.Post, $"/v1/notifications/{notification}/deliveries/{delivery}/resend", Said(why)),
            "It is sent again."
        );

    /// <summary>What a decision is called.</summary>
    public static string DecisionTitle(string decision) =>
        decision switch
        {
            "resend" => "Send again",
            "sent" => "It was sent",
            _ => "It failed",
        };

    /// <summary>What follows from a decision.</summary>
    public static string DecisionExplains(string decision) =>
        decision switch
        {
            "resend" => "It goes out once more. If it did arrive before, somebody has it twice.",
            "sent" => "It counts as sent, and nothing more is done.",
            _ => "It counts as not sent. The next channel is tried, where the plan has one.",
        };

    /// <summary>Asks for the reason, and does it.</summary>
    /// <param name="title">What is to be done.</param>
    /// <param name="explains">What follows from it.</param>
    /// <param name="button">The word on the button.</param>
    /// <param name="hint">A reason somebody might have.</param>
    /// <param name="does">Does it.</param>
    /// <param name="done">What is said afterwards.</param>
    /// <param name="isDanger">True when it stops something.</param>
    /// <param name="content">What else the dialog asks.</param>
    /// <returns>True when it was done.</returns>
    public async Task<bool> Ask(
        string title,
        string? explains,
        string button,
        string hint,
        Func<string, Task> does,
        string? done,
        bool isDanger = false,
        RenderFragment? content = null
    )
    {
        var parameters = new DialogParameters<ReasonDialog>
        {
            { dialog => dialog.Title, title },
            { dialog => dialog.Explains, explains },
            { dialog => dialog.Button, button },
            { dialog => dialog.Hint, hint },
            { dialog => dialog.Does, does },
            { dialog => dialog.IsDanger, isDanger },
            { dialog => dialog.ChildContent, content },
        };
        var shown = await dialogs.ShowAsync<ReasonDialog>(title, parameters);
        if (await shown.Result is not { Canceled: false })
            return false;

        if (done is not null)
            Say(done);
        return true;
    }

    /// <summary>Says what was done.</summary>
    public void Say(string sentence) => snackbar.Add(sentence, Severity.Success);

    /// <summary>Says what was refused.</summary>
    public void Say(ApiException refused) => snackbar.Add(refused.Sentence, Severity.Error);

    /// <summary>A body with who and why.</summary>
    public IReadOnlyDictionary<string, object> Said(string why, params (string Name, object? Value)[] fields)
    {
        var body = new Dictionary<string, object>(StringComparer.Ordinal) { ["why"] = why };
        if (user.By is { } by)
            body["by"] = by;
        foreach (var (name, value) in fields.Where(field => field.Value is not null))
            body[name] = value!;
        return body;
    }

    /// <summary>The order operators have set; null while configuration decides. A call sets everything, and must not lose it.</summary>
    async Task<IReadOnlyList<string>?> OrderOf(string channel)
    {
        var known = (await api.Get<ChannelList>("/v1/channels")).Channels.FirstOrDefault(one => one.Name == channel);
        return known is null || known.Providers.SequenceEqual(known.Configured, StringComparer.Ordinal) ? null : known.Providers;
    }
}
