namespace NotificationBus;

/// <summary>Addresses of this host as the world writes them.</summary>
public static class PublicAddress
{
    /// <summary>Returns the reason why this cannot be the public address; null when it can.</summary>
    public static string? Refuse(string url) =>
        url.All(letter => letter is > ' ' and <= '~')
        && Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
        && address is { UserInfo: "", Query: "", Fragment: "" }
            ? null
            : "must be an address such as https://notify.example.com, in ASCII and without query; http is only for this machine";

    /// <summary>The address of what is at <paramref name="pathAndQuery"/> here.</summary>
    public static Uri Of(string publicUrl, string pathAndQuery) => new(publicUrl.TrimEnd('/') + pathAndQuery);
}
