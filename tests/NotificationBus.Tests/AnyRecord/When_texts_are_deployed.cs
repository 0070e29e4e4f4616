using NotificationBus.Notifications;
using NotificationBus.Templates;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>Each version of the texts is kept as it was, with when it was deployed and what was planned with it.</summary>
public abstract class When_texts_are_deployed(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    const string Category = "order-placed";

    [Fact]
    public async Task Should_have_each_version_since_and_until_when_and_how_many_used_it()
    {
        await Deploy("v1", "Hello");
        await Plan("v1");
        await Plan("v1");
        await Record.Pass(Hour);
        await Deploy("v2", "Good morning");
        await Plan("v2");

        var versions = await Deployed();

        versions.Select(one => (one.Version, one.Used)).ShouldBe([("v2", 1), ("v1", 2)]);
        versions[0].Until.ShouldBeNull();
        versions[1].Until.ShouldBe(versions[0].Since);
        (versions[0].Since - versions[1].Since).ShouldBeGreaterThan(Hour / 2);
        (await TextOf("v1")).ShouldBe("Hello", "as it was");
        (await TextOf("v2")).ShouldBe("Good morning");
        (await Host.Texts.TextsOf(Category, "v3", application: null, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_say_it_once_whichever_hosts_start_with_it_and_again_when_it_comes_back()
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(host => Deploy("v1", "Hello", host % 2 == 0 ? Host : AnotherHost)));
        (await Deployed()).Count.ShouldBe(1);

        await Record.Pass(Hour);
        await Deploy("v2", "Good morning", AnotherHost);
        await Plan("v2");
        await Record.Pass(Hour);
        await Deploy("v1", "Hello");
        await Plan("v1");

        (await Deployed()).Select(one => (one.Version, one.Used)).ShouldBe([("v1", 1), ("v2", 1), ("v1", 0)]);
    }

    /// <summary>What one application has of its own, no other is shown; and it is no newer version of what is for all.</summary>
    [Fact]
    public async Task Should_keep_what_applications_have_of_their_own_apart()
    {
        await Deploy("v1", "Hello");
        await Deploy("c1", "Hello from the cup", application: "cup");
        await Deploy("j1", "Hello from the jar", application: "jar");
        await Deploy("v1", "Hello");
        await Deploy("c1", "Hello from the cup", AnotherHost, "cup");
        await Record.Pass(Hour);
        await Deploy("c2", "Good morning from the cup", application: "cup");

        var deployed = await Deployed();
        deployed
            .Select(one => (one.Version, one.Application, one.Until is null))
            .ShouldBe([("c2", "cup", true), ("j1", "jar", true), ("c1", "cup", false), ("v1", null, true)]);
        (await Seen("v1", "cup", "jar", null)).ShouldBe([true, true, true]);
        (await Seen("c1", "cup", "jar", null)).ShouldBe([true, false, true]);
        (await Seen("j1", "cup", "jar", null)).ShouldBe([false, true, true]);
    }

    async Task<IReadOnlyList<bool>> Seen(string version, params string?[] applications)
    {
        var seen = new List<bool>();
        foreach (var application in applications)
            seen.Add(await AnotherHost.Texts.TextsOf(Category, version, application, CancellationToken.None) is not null);
        return seen;
    }

    [Fact]
    public async Task Should_find_what_was_planned_with_a_version()
    {
        await Deploy("v1", "Hello");
        var wanted = await Plan("v1");
        await Plan("v2");

        var filter = new NotificationFilter
        {
            Category = Category,
            TemplateVersion = "v1",
            Limit = 10,
        };
        (await Host.Queries.Search(filter, CancellationToken.None)).Notifications.Select(one => one.Id).ShouldBe([wanted]);
        (await Host.Queries.Search(filter with { Category = null }, CancellationToken.None))
            .Notifications.Select(one => one.Id)
            .ShouldBe([wanted], "by the version alone");
    }

    async Task<Guid> Plan(string version)
    {
        var id = Guid.CreateVersion7();
        var notification = Notification(id);
        notification.Category = Category;
        notification.TemplateVersion = version;
        notification.CreatedAt = Record.Now;
        notification.ExpiresAt = Record.Now.AddDays(1);
        (await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return id;
    }

    Task Deploy(string version, string text, HostOfTheRecord? host = null, string? application = null) =>
        (host ?? Host).Texts.Keep(
            [new LoadedTexts(Category, version, [new TemplateText($"{Category}/email.en", text)]) { Application = application }],
            CancellationToken.None
        );

    Task<IReadOnlyList<TemplateDeployment>> Deployed() => AnotherHost.Texts.Of(Category, 10, CancellationToken.None);

    async Task<string> TextOf(string version) =>
        (await Host.Texts.TextsOf(Category, version, application: null, CancellationToken.None))
            .ShouldNotBeNull()
            .ShouldHaveSingleItem()
            .Text;
}
