using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Embedded;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_an_account_is_configured
{
    static readonly ProviderType Smtp = new("smtp", "email", OptionsType: null, (_, account) => new ScriptedProvider(account, "email"));
    static readonly ProviderType EmailSandbox = new(
        "sandbox",
        "email",
        OptionsType: null,
        (_, account) => new ScriptedProvider(account, "email")
    );
    static readonly ProviderType PushSandbox = new(
        "sandbox",
        "push",
        OptionsType: null,
        (_, account) => new ScriptedProvider(account, "push")
    );

    [Fact]
    public void Should_try_the_accounts_in_the_order_they_are_written()
    {
        var chain = Chains(["eu", "smtp", "sandbox"], ("Providers:eu:Type", "smtp")).Of("email");

        chain.Channel.Name.ShouldBe("email");
        chain.Accounts.Select(account => account.Name).ShouldBe(["eu", "smtp", "sandbox"]);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("fast")]
    [InlineData("100001")]
    [InlineData("2,5")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    public void Should_be_an_error_to_limit_the_rate_to_nothing_or_too_much(string perSecond) =>
        Refused(["smtp"], ("Providers:smtp:PerSecond", perSecond))
            .ShouldBe("Providers:smtp:PerSecond must be a number from 0.01 to 100000");

    [Fact]
    public void Should_take_the_settings_of_its_circuit_and_leave_the_others_as_they_are()
    {
        var accounts = Chains(
                ["eu", "smtp"],
                ("Providers:eu:Type", "smtp"),
                ("Providers:eu:Circuit:MinimumCalls", "20"),
                ("Providers:eu:Circuit:OpenFor", "00:05:00")
            )
            .Of("email")
            .Accounts;

        accounts
            .Select(account => account.Options.Circuit)
            .Select(circuit => (circuit.MinimumCalls, circuit.FailureShare, circuit.OpenFor, circuit.HalfOpenCalls))
            .ShouldBe([(20, 0.9, TimeSpan.FromMinutes(5), 3), (8, 0.9, TimeSpan.FromSeconds(30), 3)]);
    }

    [Fact]
    public void Should_be_an_error_to_name_nobody() =>
        Refused([]).ShouldBe("Channels:email:Providers is empty; name at least one of smtp, sandbox");

    [Fact]
    public void Should_be_an_error_to_name_an_account_there_is_not() =>
        Refused(["smtp", "stmp"])
            .ShouldBe(
                "Channels:email:Providers:1 names 'stmp', which is neither a type (smtp, sandbox) nor an account with Providers:stmp:Type"
            );

    [Fact]
    public void Should_be_an_error_to_misspell_the_type() =>
        Refused(["eu"], ("Providers:eu:Type", "stmp"))
            .ShouldBe("Providers:eu:Type is no provider of the channel email, allowed are smtp, sandbox");

    [Fact]
    public void Should_be_an_error_to_use_a_type_of_another_channel() =>
        Refused(["sandbox"], push: ["smtp"])
            .ShouldBe("Channels:push:Providers:0 names 'smtp', which is neither a type (sandbox) nor an account with Providers:smtp:Type");

    static string Refused(string[] email, params (string Key, string? Value)[] settings) =>
        Should.Throw<SettingsException>(() => Chains(email, settings)).Message;

    static string Refused(string[] email, string[] push) => Should.Throw<SettingsException>(() => Chains(email, push)).Message;

    static ProviderChains Chains(string[] email, params (string Key, string? Value)[] settings) => Chains(email, ["sandbox"], settings);

    static ProviderChains Chains(string[] email, string[] push, params (string Key, string? Value)[] settings)
    {
        var controls = new InMemoryControls(TimeProvider.System);
        var board = new ControlBoard(controls, TimeProvider.System, NullLogger<ControlBoard>.Instance);
        return new ProviderChains(
            new ChannelSet([new EmailChannel(), new PushChannel()]),
            new Dictionary<string, ChannelOptions>(StringComparer.Ordinal)
            {
                ["email"] = new() { Providers = email },
                ["push"] = new() { Providers = push },
            },
            new ProviderAccountFactory(
                [Smtp, EmailSandbox, PushSandbox],
                new ConfigurationBuilder()
                    .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)))
                    .Build(),
                new ServiceCollection().BuildServiceProvider(),
                controls,
                board,
                TimeProvider.System,
                NullLoggerFactory.Instance
            ),
            new ProviderChainFactory(
                new InMemoryAttemptLedger(TimeProvider.System, controls),
                board,
                Options.Create(new RedeliveryOptions()),
                Random.Shared,
                TimeProvider.System,
                NullLoggerFactory.Instance,
                An.Metrics()
            ),
            ApplicationChoices.None
        );
    }
}
