using System.Text;

namespace NotificationBus.Notifications;

/// <summary>An explanation as a text for a terminal: one line for each thing that happened, and the answer last.</summary>
public static class ExplanationText
{
    const int LongestAuthor = 10;

    /// <summary>Writes what is known of one that is accepted and not on record yet.</summary>
    public static string OfAccepted(Guid id) =>
        $"Notification {id} is accepted. It is on its way into the record: ask again in a moment.\n";

    /// <summary>Writes it.</summary>
    public static string Of(Explanation explanation)
    {
        var text = new StringBuilder();
        text.Append($"Notification {explanation.Id} is {explanation.Status}. Times are UTC.\n\n");
        foreach (var step in explanation.Story)
        {
            text.Append($"{NotificationStory.Time(step.At)}  {step.By.PadRight(LongestAuthor)}  {step.Text}");
            text.Append(step.Code is { } code ? $" [{code}]\n" : "\n");
        }

        if (explanation.WaitsFor is { } waitsFor)
            text.Append($"\nIt waits for {waitsFor}.\n");
        return text.Append($"\nDid they get it? {explanation.Answer}\n").ToString();
    }
}
