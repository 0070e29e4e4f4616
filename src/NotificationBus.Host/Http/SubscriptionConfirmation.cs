using NotificationBus.Channels.Http;

namespace NotificationBus.Host.Http;

/// <summary>Confirms to a vendor that its receipts are wanted, by fetching the address it has named.</summary>
sealed partial class SubscriptionConfirmation(HttpMessageHandler handler, ILogger<SubscriptionConfirmation> log) : IDisposable
{
    // Vendors give up after 15 s (Amazon SNS), and send it again.
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    readonly HttpClient _client = new(handler) { Timeout = Limit };

    public SubscriptionConfirmation(ILogger<SubscriptionConfirmation> log)
        : this(OutsideHandler.New(Timeout.InfiniteTimeSpan), log) { }

    /// <summary>
    /// Fetches the address; true when that was answered well. Only https, and no redirect is followed: the reader has checked this address
    /// and no other.
    /// </summary>
    public async Task<bool> Fetch(string provider, Uri url, CancellationToken cancellationToken)
    {
        if (url.Scheme != Uri.UriSchemeHttps)
        {
            NotConfirmed(provider, "its address is not https");
            return false;
        }

        try
        {
            using var answer = await _client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (answer.IsSuccessStatusCode)
                Confirmed(provider);
            else
                NotConfirmed(provider, $"it answered {(int)answer.StatusCode}");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception exception)
            when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            NotConfirmed(provider, exception is HttpRequestException failed ? $"{failed.HttpRequestError}" : "it did not answer in time");
            return false;
        }
    }

    public void Dispose() => _client.Dispose();

    [LoggerMessage(LogLevel.Information, "Confirmed to the vendor of {Provider} that its receipts are wanted")]
    partial void Confirmed(string provider);

    [LoggerMessage(LogLevel.Warning, "Could not confirm to the vendor of {Provider} that its receipts are wanted: {Reason}")]
    partial void NotConfirmed(string provider, string reason);
}
