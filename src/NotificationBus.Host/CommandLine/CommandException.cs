namespace NotificationBus.Host.CommandLine;

/// <summary>A command that could not be done. The message says why, and what to change.</summary>
/// <param name="exitCode">See <see cref="ExitCode"/>.</param>
/// <param name="message">The lines for whoever has called it.</param>
sealed class CommandException(int exitCode, string message) : Exception(message)
{
    /// <summary>The exit code of the process.</summary>
    public int ExitCode => exitCode;
}
