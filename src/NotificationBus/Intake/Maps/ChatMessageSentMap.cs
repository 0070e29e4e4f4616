using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake.Maps;

/// <summary>A buyer wrote to a seller: tell the seller.</summary>
public sealed class ChatMessageSentMap : EventMap<ChatMessageSent>
{
    /// <inheritdoc />
    public override string Name => "chat-message-sent";

    /// <inheritdoc />
    public override string RecipientProperty => "seller";

    /// <inheritdoc />
    public override string? EventId(ChatMessageSent happened) => happened.EventId;

    /// <inheritdoc />
    public override Contact Recipient(ChatMessageSent happened) => happened.Seller;

    /// <inheritdoc />
    protected override IReadOnlyDictionary<string, string> Keys(ChatMessageSent happened) =>
        BusinessKeys.Of("conversation", happened.ConversationId);

    /// <inheritdoc />
    protected override ChatMessageSent Tidy(ChatMessageSent happened, Decoration decoration) =>
        happened with
        {
            Product = decoration.Line("product", happened.Product, TextLengths.Of("product")),
            Buyer = decoration.Person("buyer", happened.Buyer),
            Seller = decoration.Person("seller", happened.Seller),
        };

    /// <inheritdoc />
    protected override JsonElement Variables(ChatMessageSent happened) =>
        TemplateVariables.Of(
            new
            {
                happened.ConversationId,
                happened.Text,
                happened.Product,
                Buyer = new { happened.Buyer?.Name },
                Seller = new { happened.Seller.Name },
            }
        );

    /// <inheritdoc />
    protected override IEnumerable<Breach> Breaches(ChatMessageSent happened) =>
        [.. EventRules.Text("conversationId", happened.ConversationId), .. EventRules.Text("text", happened.Text)];
}
