using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>What a vendor's tests tell <see cref="Any_vendor{TVendor}"/>.</summary>
public interface IVendorSituation
{
    /// <summary>Every answer the vendor is known for, a row each. The first one is that of a delivery that was accepted.</summary>
    static abstract IEnumerable<VendorAnswer> Answers { get; }

    /// <summary>True when each recipient has an endpoint of his own, so that an answer concerns his delivery only.</summary>
    static virtual bool EndpointIsRecipients => false;

    /// <summary>True when any 2xx is a yes, whatever comes with it.</summary>
    static virtual bool AnyYesIsOne => false;

    /// <summary>True when the status of the first answer is a yes, whatever becomes of its body.</summary>
    static virtual bool StatusSaysItAll => false;

    /// <summary>True when 429 is first taken for the word of one place, and not of the whole account.</summary>
    static virtual bool LimitsEachPlace => false;

    /// <summary>How long the vendor is left alone that says 429 and not for how long; null when somebody else decides that.</summary>
    static virtual TimeSpan? UsualPause => null;

    /// <summary>A 2xx of the vendor that says nothing one could rely on.</summary>
    static virtual VendorAnswer Malformed => new("something else's answer", "200 OK", "<html>It works!</html>", Http.Outcome.InDoubt);

    /// <summary>The vendor's body of 429.</summary>
    static virtual string BodyOfThrottled => "";

    /// <summary>What the account keeps to itself.</summary>
    static abstract IReadOnlyList<string> Secrets { get; }

    /// <summary>A delivery on the vendor's channel. Its recipient's name is <c>Somchai</c>.</summary>
    static abstract Delivery ADelivery { get; }

    /// <summary>The delivery as it has to be where the address of its recipient, and nothing else, says whom to call.</summary>
    static virtual Delivery Readdress(Delivery delivery, string url) => delivery;

    /// <summary>An account of the vendor's type.</summary>
    static abstract IProvider Create(string url, TimeSpan timeout, TimeProvider clock);
}
