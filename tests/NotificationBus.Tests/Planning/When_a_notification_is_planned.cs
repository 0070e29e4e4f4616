using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Planning;
using static NotificationBus.Tests.Planning.PlanOfTheTest;

namespace NotificationBus.Tests.Planning;

public sealed class When_a_notification_is_planned
{
    [Fact]
    public void Should_send_all_at_once_in_one_step()
    {
        var plan = Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], ["fax:1", "pager:1"]);

        plan.Deliveries.Select(delivery => (delivery.Channel, delivery.Address, delivery.Step))
            .ShouldBe([("fax", "fax:1", 1), ("pager", "pager:1", 1)]);
        plan.Decisions.ShouldBe(["fax: planned", "pager: planned"]);
        plan.Refusal.ShouldBeNull();
    }

    [Fact]
    public void Should_try_one_channel_after_the_other_in_the_order_configured()
    {
        var plan = Plan(DeliveryMode.FirstThatWorks, ["pager", "fax"], ["fax:1", "pager:1"]);

        plan.Deliveries.Select(delivery => (delivery.Channel, delivery.Step)).ShouldBe([("pager", 1), ("fax", 2)]);
    }

    [Fact]
    public void Should_send_to_all_addresses_of_a_channel_in_one_step()
    {
        var plan = Plan(DeliveryMode.FirstThatWorks, ["fax", "pager"], ["fax:1", "fax:2", "fax:3", "pager:1"]);

        plan.Deliveries.Select(delivery => (delivery.Address, delivery.Step))
            .ShouldBe([("fax:1", 1), ("fax:2", 1), ("fax:3", 1), ("pager:1", 2)]);
        plan.Deliveries.Select(delivery => delivery.Id).ShouldBeUnique();
    }

    [Fact]
    public void Should_pass_over_a_channel_that_does_not_reach_the_recipient()
    {
        var plan = Plan(DeliveryMode.FirstThatWorks, ["fax", "pager", "telex"], ["fax:1", "telex:1"]);

        plan.Deliveries.Select(delivery => (delivery.Channel, delivery.Step)).ShouldBe([("fax", 1), ("telex", 2)]);
        plan.Decisions.ShouldBe(["fax: planned", "pager: the recipient has no address there", "telex: planned"]);
    }

    [Fact]
    public void Should_refuse_a_bad_address_without_repeating_it()
    {
        var plan = Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], ["fax:secret!", "fax:2", "pager:secret!"]);

        plan.Deliveries.Select(delivery => delivery.Address).ShouldBe(["fax:2"]);
        plan.Decisions.ShouldBe([
            "fax: the address ends with an exclamation mark",
            "fax: planned",
            "pager: the address ends with an exclamation mark",
        ]);
    }

    [Fact]
    public void Should_say_so_when_no_address_is_left()
    {
        var plan = Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], ["fax:secret!"]);

        plan.Deliveries.ShouldBeEmpty();
        plan.Refusal.ShouldBe(
            new PlanRefusal(
                RefusalCause.Address,
                "fax: the address ends with an exclamation mark; pager: the recipient has no address there"
            )
        );
    }

    [Fact]
    public void Should_do_as_the_event_asks_rather_than_as_configured() =>
        Plan(DeliveryMode.AllAtOnce, ["fax"], ["fax:1", "pager:1"], requested: ["pager"])
            .Deliveries.Select(delivery => delivery.Channel)
            .ShouldBe(["pager"]);

    [Fact]
    public void Should_use_a_channel_once_that_is_named_twice() =>
        Plan(DeliveryMode.FirstThatWorks, ["fax", "pager", "fax"], ["fax:1", "pager:1"])
            .Deliveries.Select(delivery => delivery.Channel)
            .ShouldBe(["fax", "pager"]);

    [Fact]
    public void Should_refuse_a_channel_there_is_not()
    {
        var plan = Plan(DeliveryMode.AllAtOnce, ["fax", "pigeon"], ["fax:1"]);

        plan.Deliveries.ShouldBeEmpty();
        plan.Refusal.ShouldBe(new PlanRefusal(RefusalCause.Channel, "there is no channel 'pigeon', only fax, pager, telex"));
    }

    [Fact]
    public void Should_name_the_key_when_nothing_is_configured()
    {
        var refusal = new PlanRefusal(RefusalCause.Channel, "no channel is configured for 'news' (EventTypes:news:Channels)");

        Plan(DeliveryMode.AllAtOnce, [], ["fax:1"]).Refusal.ShouldBe(refusal);
        DeliveryPlanner.Plan(Request(["fax:1"]), rule: null, AllChannels, new TemplatesOfTheTest()).Refusal.ShouldBe(refusal);
    }

    /// <summary>A16: one channel's text spoils the others.</summary>
    [Theory]
    [InlineData(DeliveryMode.AllAtOnce)]
    [InlineData(DeliveryMode.FirstThatWorks)]
    public void Should_leave_a_channel_out_whose_text_cannot_be_filled(DeliveryMode mode)
    {
        var plan = Plan(mode, ["pager", "fax"], ["fax:1", "pager:1"], missing: "pager");

        plan.Deliveries.Select(delivery => (delivery.Channel, delivery.Step)).ShouldBe([("fax", 1)]);
        plan.Refusal.ShouldBeNull();
        plan.Decisions.ShouldBe(["pager: news/pager.en: 'title' is missing", "fax: planned"]);
        plan.LeftOut.ShouldBe([
            new LeftOut("pager", RefusalCause.Template, "news/pager.en: 'title' is missing") { Code = ReasonCode.NoText },
        ]);
    }

    /// <summary>A16: nothing is left when the others do not reach the recipient either.</summary>
    [Fact]
    public void Should_refuse_for_the_text_when_nothing_is_left()
    {
        var plan = Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], ["pager:1"], missing: "pager");

        plan.Deliveries.ShouldBeEmpty();
        plan.Refusal.ShouldBe(
            new PlanRefusal(RefusalCause.Template, "fax: the recipient has no address there; pager: news/pager.en: 'title' is missing")
        );
    }

    /// <summary>A18: what is left out is said, an address of a channel that is used as well.</summary>
    [Fact]
    public void Should_say_what_it_does_without()
    {
        var plan = Plan(DeliveryMode.AllAtOnce, ["fax", "pager", "telex"], ["fax:secret!", "fax:2", "telex:secret!"]);

        plan.LeftOut.ShouldBe([
            new LeftOut("fax", RefusalCause.Address, "the address ends with an exclamation mark")
            {
                Code = ReasonCode.AddressRefused,
                Address = "fax:secret!",
            },
            new LeftOut("pager", RefusalCause.Address, "the recipient has no address there") { Code = ReasonCode.NoAddress },
            new LeftOut("telex", RefusalCause.Address, "the address ends with an exclamation mark")
            {
                Code = ReasonCode.AddressRefused,
                Address = "telex:secret!",
            },
        ]);
    }

    [Fact]
    public void Should_not_need_the_text_of_a_channel_it_does_not_use() =>
        Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], ["fax:1"], missing: "pager").Refusal.ShouldBeNull();

    [Fact]
    public void Should_give_the_same_deliveries_when_it_is_planned_again()
    {
        string[] addresses = ["fax:1", "fax:2", "pager:1"];

        Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], addresses)
            .Deliveries.ShouldBe(Plan(DeliveryMode.AllAtOnce, ["fax", "pager"], addresses).Deliveries);
    }
}
