using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>Tells what the console asks of what others do: its statements have a limit, and connections of their own.</summary>
static class ConsoleReads
{
    static readonly object s_mark = new();

    /// <summary>Notes that the console asks.</summary>
    public static void IsForConsole(this HttpContext context) => context.Items[s_mark] = s_mark;

    /// <summary>Who reads a list.</summary>
    public static ListReader Reader(this HttpContext context) => context.Items.ContainsKey(s_mark) ? ListReader.Console : ListReader.Caller;
}
