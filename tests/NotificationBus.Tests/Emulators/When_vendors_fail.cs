using System.Globalization;
using System.Text.RegularExpressions;
using NotificationBus.Emulators;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Emulators;

/// <summary>
/// A10: every vendor, every status from 500 to 599, against the table that operators read in src/NotificationBus.Channels/README.md, which
/// says what each vendor's own documentation says.
/// </summary>
public sealed partial class When_vendors_fail : With_emulators
{
    const string EveryStatus = "all";

    static readonly IReadOnlyDictionary<string, Row> Table = ReadTable();

    public static TheoryData<string> Vendors => [.. Table.Keys.Where(vendor => vendor is not ("usually" or "smtp"))];

    [Fact]
    public void Should_be_every_vendor_in_the_table() =>
        Vendors.Select(row => row.Data).ShouldBe(Emulator.Vendors.Select(emulated => emulated.Vendor.Name), ignoreOrder: true);

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task Should_know_whether_it_has_taken_the_delivery(string vendor)
    {
        var (account, emulated) = (Account(vendor), Emulator[vendor]);
        for (var status = 500; status <= 599; status++)
        {
            emulated.Faults = [new Fault { Kind = FaultKind.Fail, Status = status }];

            var result = await account.Send(DeliveryFor(vendor), Cancellation);

            var notTaken = Table[vendor].IsNotTaken(status, Table["usually"]);
            result
                .GetType()
                .ShouldBe(notTaken ? typeof(ProviderResult.Unavailable) : typeof(ProviderResult.InDoubt), $"{status}: {result}");
        }

        emulated.TakenCount.ShouldBe(0);
        account.KnowsRepetitionFor.ShouldBe(Table[vendor].KnowsRepetitionFor);
    }

    /// <summary>A10: a vendor that says how long it is away is left alone for so long.</summary>
    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task Should_leave_it_alone_for_as_long_as_it_asks(string vendor)
    {
        // LINE says of no failure that it has taken nothing, so that it is asked again as soon as anybody is who knows the key.
        if (!Table[vendor].IsNotTaken(503, Table["usually"]))
            return;

        Emulator[vendor].Faults =
        [
            new Fault
            {
                Kind = FaultKind.Fail,
                Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = "37" },
            },
        ];

        (await Account(vendor).Send(DeliveryFor(vendor), Cancellation))
            .ShouldBeOfType<ProviderResult.Unavailable>()
            .RetryAfter.ShouldBe(TimeSpan.FromSeconds(37));
    }

    static Dictionary<string, Row> ReadTable() =>
        File.ReadLines(Path.Combine(The_dependency_rule.Root(), "src", "NotificationBus.Channels", "README.md"))
            .SkipWhile(line => !line.StartsWith("| vendor | nothing was taken |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1].Trim('`'), cells => new Row(cells[2], cells[3], cells[4]), StringComparer.Ordinal);

    /// <summary>What the table says of a vendor.</summary>
    sealed partial record Row(string NotTaken, string InDoubt, string Repetition)
    {
        public TimeSpan? KnowsRepetitionFor =>
            Duration().Match(Repetition) is not { Success: true } match ? null
            : int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture) is var number && match.Groups["unit"].Value == "min"
                ? TimeSpan.FromMinutes(number)
            : TimeSpan.FromHours(number);

        public bool IsNotTaken(int status, Row usually) =>
            NotTaken == EveryStatus
            || (InDoubt != EveryStatus && !Has(InDoubt, status) && (Has(NotTaken, status) || Has(usually.NotTaken, status)));

        static bool Has(string cell, int status) =>
            cell.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Contains($"{status}", StringComparer.Ordinal);

        [GeneratedRegex(
            @"\A(?<number>[0-9]+) (?<unit>min|h)\z",
            RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
        )]
        private static partial Regex Duration();
    }
}
