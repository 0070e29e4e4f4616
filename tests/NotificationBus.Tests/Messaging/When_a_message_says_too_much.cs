using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using System.Text;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Receipts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Messaging;

/// <summary>B: a string without a length, on the bus.</summary>
public sealed class When_a_message_says_too_much : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start();

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    /// <summary>Every message type with a text, and the place of each of its texts.</summary>
    public static TheoryData<Type, string> Texts()
    {
        var texts = new TheoryData<Type, string>();
        foreach (
            var type in typeof(Contact)
                .Assembly.GetTypes()
                .Concat([typeof(LocateReceipt), typeof(DeliveryReceiptReceived)])
                .Where(type => type is { IsClass: true, IsAbstract: false, IsPublic: true })
        )
        {
            foreach (
                var property in type.GetProperties()
                    .Where(property =>
                        !property.IsDefined(typeof(DecorationAttribute))
                        && (property.PropertyType == typeof(string) || property.PropertyType == typeof(IReadOnlyList<string>))
                    )
            )
                texts.Add(type, property.Name);
        }

        return texts;
    }

    /// <summary>B: a string without a length</summary>
    [Theory]
    [MemberData(nameof(Texts))]
    public void Should_be_taken_at_its_longest_and_no_further(Type type, string name)
    {
        var property = type.GetProperty(name)!;
        var longest = TextLengths.Of(property);

        TextLengths.Check(With(type, property, longest), recipient: "").ShouldBeEmpty();
        var breach = TextLengths.Check(With(type, property, longest + 1), recipient: "").ShouldHaveSingleItem();

        breach.Path.Split('[')[0].ShouldBe(JsonNamingPolicy.CamelCase.ConvertName(name));
        breach.Error.ShouldBe($"must be at most {longest} characters");
    }

    /// <summary>B: a string without a length</summary>
    [Fact]
    public async Task Should_be_set_aside_as_a_command()
    {
        var saga = await _flow.Bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        await saga.Send(
            new CancelNotification
            {
                NotificationId = Guid.NewGuid(),
                By = "ann",
                Why = new string('y', TextLengths.Remark + 1),
            }
        );

        await ShouldBeRefused("why must be at most 500 characters");
    }

    /// <summary>B: a string without a length</summary>
    [Fact]
    public async Task Should_be_set_aside_as_an_event()
    {
        await _flow.Bus.Publish(An.OrderPlaced() with { OrderId = new string('4', TextLengths.Id + 1) });

        await ShouldBeRefused("orderId must be at most 200 characters");
    }

    /// <summary>B: quadratic work</summary>
    [Fact]
    public async Task Should_be_set_aside_when_it_has_more_values_than_anybody_needs()
    {
        var data = JsonElement.Parse(
            Encoding.UTF8.GetBytes($$"""{"title":"t","text":"t","rows":[{{string.Join(',', Enumerable.Repeat("1", 12_000))}}]}""")
        );
        await _flow.Bus.Publish(An.Announcement() with { Data = data });

        await ShouldBeRefused("the body has more than 11000 values", typeof(SerializationException));
    }

    /// <summary>B: quadratic work</summary>
    [Fact]
    public async Task Should_be_set_aside_when_a_name_is_a_book()
    {
        var data = JsonElement.Parse(Encoding.UTF8.GetBytes($$"""{"title":"t","text":"t","{{new string('n', 201)}}":1}"""));
        await _flow.Bus.Publish(An.Announcement() with { Data = data });

        await _flow.Pulse.Until(() => _flow.Wire.Errors.Count == 1);
        _flow.Wire.Errors[0].Exception.ShouldContain("whose name is longer than 200 characters");
    }

    static object With(Type type, PropertyInfo property, int length)
    {
        var message = RuntimeHelpers.GetUninitializedObject(type);
        var text = new string('x', length);
        property.SetValue(message, property.PropertyType == typeof(string) ? text : new List<string> { text });
        return message;
    }

    async Task ShouldBeRefused(string reason, Type? type = null)
    {
        await _flow.Pulse.Until(() => _flow.Wire.Errors.Count == 1);
        _flow.Wire.Errors[0].Exception.ShouldBe($"{(type ?? typeof(InvalidEventException)).FullName}: {reason}");
        _flow.Store.Writes.ShouldBe(0);
    }
}
