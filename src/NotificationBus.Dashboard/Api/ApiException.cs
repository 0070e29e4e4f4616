namespace NotificationBus.Dashboard.Api;

/// <summary>What the API answered in the place of what was asked for.</summary>
public sealed class ApiException(int status, string title, string? detail = null) : Exception(title)
{
    /// <summary>The status of the answer.</summary>
    public int Status => status;

    /// <summary>The details, where there are some.</summary>
    public string? Detail => detail;

    /// <summary>A sentence for people.</summary>
    public string Sentence =>
        status switch
        {
            401 => "You are signed out.",
            403 => "Your key does not open this.",
            _ => detail is null ? $"{Message}." : $"{Message}. {detail}",
        };
}
