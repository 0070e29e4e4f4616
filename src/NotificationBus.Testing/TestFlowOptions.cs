using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Model;

namespace NotificationBus.Testing;

/// <summary>The way the flow of a test is set up. What is not changed is as the host ships it.</summary>
public sealed class TestFlowOptions
{
    /// <summary>What each category uses, by category. Add those of your own.</summary>
    public IDictionary<string, EventTypeOptions> EventTypes { get; } =
        new Dictionary<string, EventTypeOptions>(StringComparer.Ordinal)
        {
            ["chat-message-sent"] = new() { Channels = ["email", "push"] },
            ["order-placed"] = new() { Channels = ["email", "push"] },
            ["payment-reminder-due"] = new() { Channels = ["push"], WithdrawnBy = ["order-paid"] },
            ["order-shipped"] = new() { Channels = ["push"] },
            ["announcement"] = new() { Channels = ["push", "email"], Mode = DeliveryMode.FirstThatWorks },
        };

    /// <summary>
    /// The folder with templates of your own, <c>{category}/{channel}.{language}.liquid</c>; null for the shipped ones alone.
    /// </summary>
    public string? Templates { get; set; }

    /// <summary>The language of recipients whose language has no template. Default <c>en</c>.</summary>
    public string DefaultLanguage { get; set; } = "en";

    /// <summary>Adds what is not shipped, such as an event map or a channel of your own.</summary>
    public Action<IServiceCollection>? Services { get; set; }
}
