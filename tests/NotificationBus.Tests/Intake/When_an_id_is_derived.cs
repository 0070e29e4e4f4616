using NotificationBus.Model;

namespace NotificationBus.Tests.Intake;

public sealed class When_an_id_is_derived
{
    [Fact]
    public void Should_be_the_same_for_the_same_parts() =>
        DeterministicId.From("notification", "order-placed", "4711").ShouldBe(DeterministicId.From("notification", "order-placed", "4711"));

    [Fact]
    public void Should_stay_the_same_for_ever() =>
        // Rows are found by it: another value here would send everything twice that is repeated after an update.
        DeterministicId
            .From("notification", "order-placed", "4711", "seller-42")
            .ShouldBe(Guid.Parse("065e53f1-a505-8eda-ac53-7fa6c7814f59"));

    [Theory]
    [InlineData("ab", "c", "a", "bc")]
    [InlineData("ab", "", "", "ab")]
    [InlineData("a", "b", "b", "a")]
    [InlineData("Ä", "x", "ä", "x")]
    public void Should_differ_when_the_parts_differ(string one, string two, string otherOne, string otherTwo) =>
        DeterministicId.From(one, two).ShouldNotBe(DeterministicId.From(otherOne, otherTwo));

    [Fact]
    public void Should_differ_from_the_parts_with_an_empty_one_behind() =>
        DeterministicId.From("a").ShouldNotBe(DeterministicId.From("a", ""));

    [Fact]
    public void Should_be_a_UUID_of_version_8()
    {
        var id = DeterministicId.From("a");

        id.Version.ShouldBe(8);
        (id.Variant & 0b1100).ShouldBe(0b1000);
    }
}
