using System.Net.Http.Headers;
using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Push;

/// <summary>
/// A vendor that shows messages on devices. It serves the tokens it has given out, and leaves the others to the next account.
/// </summary>
public abstract class PushVendor : HttpVendor, IProvider
{
    static readonly TimeSpan DefaultTimeToLive = TimeSpan.FromDays(1);

    // What FCM and the push services of browsers keep at most.
    static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(28);

    readonly PushVendorKind _kind;

    private protected PushVendor(
        string name,
        PushVendorKind kind,
        HttpVendorOptions options,
        TimeProvider clock,
        AddressGuard? guard = null
    )
        : base(name, "push", options, clock, guard) => _kind = kind;

    /// <inheritdoc />
    public bool Serves(Delivery delivery) => PushAddress.Of(delivery.Address).Vendor == _kind;

    /// <inheritdoc />
    public sealed override Unfit? Foresee(Delivery delivery) =>
        base.Foresee(delivery with { Address = PushAddress.Of(delivery.Address).Token });

    /// <inheritdoc />
    public sealed override Task<ProviderResult> Send(Delivery delivery, CancellationToken cancellationToken)
    {
        var address = PushAddress.Of(delivery.Address);
        return address.Vendor == _kind
            ? SendTo(delivery with { Address = address.Token }, cancellationToken)
            : Task.FromResult<ProviderResult>(new ProviderResult.Unavailable("the push token is another vendor's", OnlyThisDelivery: true));
    }

    /// <summary>Sends to a token of this vendor, given without our prefix.</summary>
    protected virtual Task<ProviderResult> SendTo(Delivery delivery, CancellationToken cancellationToken) =>
        base.Send(delivery, cancellationToken);

    /// <summary>
    /// Makes the call with a token that says who we are, and once more with another one when the vendor refuses it: a token can be
    /// withdrawn before its end.
    /// </summary>
    /// <param name="scheme">The scheme of the header Authorization, as the vendor spells it.</param>
    /// <param name="tokenAfter">
    /// A token other than the one that was refused, or why there is none: null when it is for the vendor's refusal.
    /// </param>
    /// <param name="isRefused">True when the answer is about the token.</param>
    /// <param name="delivery">What is sent.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private protected async Task<ProviderResult> CallWithToken(
        string scheme,
        Func<string?, Task<(string? Token, ProviderResult? Problem)>> tokenAfter,
        Func<HttpAnswer, bool> isRefused,
        Delivery delivery,
        CancellationToken cancellationToken
    )
    {
        if (Refuse(delivery) is { } wrong)
            return wrong;

        string? refused = null;
        ProviderResult? refusal = null;
        while (true)
        {
            var (token, problem) = await tokenAfter(refused);
            if (token is null)
                return (problem ?? refusal)!;

            var request = Request(delivery);
            request.Headers.Authorization = new AuthenticationHeaderValue(scheme, token);
            var again = false;
            var result = await Call(
                request,
                delivery,
                answer =>
                {
                    again = refused is null && isRefused(answer);
                    return Translate(answer, delivery);
                },
                cancellationToken
            );
            if (!again)
                return result;

            (refused, refusal) = (token, result);
        }
    }

    /// <summary>Computes how long the vendor should keep the message for a device that is off. The same delivery later has less.</summary>
    protected TimeSpan TimeToLive(Delivery delivery) =>
        delivery.ExpiresAt is not { } end
            ? DefaultTimeToLive
            : TimeSpan.FromSeconds(Math.Clamp(Math.Floor((end - Clock.GetUtcNow()).TotalSeconds), 0, LongestTimeToLive.TotalSeconds));
}
