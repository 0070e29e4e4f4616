using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// A chat service. It serves addresses of its own kind only; what <see cref="HttpVendor.Request"/> gets as the address is the place without
/// the service.
/// </summary>
public abstract class ChatVendor : HttpVendor, IProvider
{
    readonly string _service;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="name">The account's name.</param>
    /// <param name="service">The word before the colon in its addresses.</param>
    /// <param name="options">The account; validated by whoever bound it.</param>
    /// <param name="clock">Ends what takes too long, and reads dates in answers.</param>
    /// <param name="guard">Set where the URL that is called is one a user may set.</param>
    protected ChatVendor(string name, string service, HttpVendorOptions options, TimeProvider clock, AddressGuard? guard = null)
        : base(name, "chat", options, clock, guard) => _service = service;

    /// <summary>The most the service takes, in UTF-16 code units.</summary>
    protected abstract int LongestText { get; }

    /// <summary>The text as it goes out: what the service would read as more than text is written in another way.</summary>
    protected virtual string Escape(string text) => text;

    /// <summary>True when the places it serves are URLs of incoming webhooks.</summary>
    protected virtual bool ServesUrls => false;

    /// <inheritdoc />
    public bool Serves(Delivery delivery) => PlaceOf(delivery) is not null;

    /// <inheritdoc />
    public override Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken) =>
        PlaceOf(delivery) is { } place
            ? base.Send(delivery with { Address = place }, cancellationToken)
            : Task.FromResult<ProviderResult>(new ProviderResult.Unavailable($"{Name} serves no such address", OnlyThisDelivery: true));

    /// <inheritdoc />
    public override Unfit? Foresee(Delivery delivery) =>
        PlaceOf(delivery) is { } place ? base.Foresee(delivery with { Address = place }) : null;

    /// <summary>The text to send.</summary>
    protected static string TextOf(Delivery delivery) => ((ChatContent)delivery.Content).Text;

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        TextOf(delivery).Length > LongestText ? new ProviderResult.Declined($"the text is longer than {LongestText} characters")
        : Escape(TextOf(delivery)).Length > LongestText
            ? new ProviderResult.Declined($"the text is longer than {LongestText} characters once it is escaped")
        : null;

    string? PlaceOf(Delivery delivery) =>
        ChatAddress.Parse(delivery.Address) is { } address && address.Service == _service && address.IsUrl == ServesUrls
            ? address.Place
            : null;
}
