namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A host that runs, as whoever talks to it over HTTP and reads its log sees it.</summary>
interface IRunningHost : IAsyncDisposable
{
    /// <summary>Talks to the host over HTTP.</summary>
    HttpClient Client { get; }

    /// <summary>What the host has written so far.</summary>
    OutputTail Output { get; }
}
