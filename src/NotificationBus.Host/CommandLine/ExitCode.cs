namespace NotificationBus.Host.CommandLine;

/// <summary>The exit codes of the executable, for scripts and for whatever supervises a host.</summary>
static class ExitCode
{
    /// <summary>It is done, or the host was told to stop.</summary>
    public const int Done = 0;

    /// <summary>What it is about is not there, or is not well.</summary>
    public const int NotThere = 1;

    /// <summary>An argument or a setting is wrong, or the host refuses the request. The same again will not do.</summary>
    public const int Wrong = 2;

    /// <summary>The host gave up something that it could not get back. Start it again.</summary>
    public const int GivenUp = 3;

    /// <summary>No host answers, or it cannot now. The same again may do.</summary>
    public const int NoAnswer = 4;
}
