using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Providers;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// C: chat text is shown as written, no link with another text, no mention, no date, no format: read by an independent parser.
/// </summary>
public sealed class When_a_chat_text_is_read
{
    static readonly string[] Texts =
    [
        @"Order \[Pay here](https://evil.example/pay)",
        "5*3*2",
        "[Pay here](https://evil.example/pay)",
        "@everyone @here <@1> <@!1> <@&1> <#1> </order:1> <id:browse>",
        "<t:1735689600:R> <:smile:1> <a:smile:1>",
        "**bold** *it* __under__ _it_ ~~gone~~ ||spoiler|| `code` ```block```",
        "# head\n## head\n-# small\n> quote\n>>> all\n- item\n* item\n+ item\n1. one\n12. twelve\n  - deeper",
        "see https://shop.example/a_b_c/*x*?q=__y__ and <https://shop.example/a_b>",
        "[a]: https://evil.example\n[a]",
        @"\\*not\\*",
        @"\_/¯ ¯\_(ツ)_/¯",
        "||https://shop.example/||",
        "~~https://shop.example/~~",
        "a\\",
        "5 * 3 * 2 = 30 | 2 > 1 < 3",
        "snake_case_name and __init__",
        "ราคา *590* บาท @ ตลาด",
        "``a`b``",
        "https://shop.example/(a)_b [x](<https://evil.example>)",
        "xhttps://shop.example/_a_",
        "https://shop.example/_a_<@1> https://shop.example] https://shop.example:smile:",
    ];

    [Fact]
    public async Task Should_be_shown_by_Discord_as_it_was_written()
    {
        await using var reader = await ChatReader.Start();
        await using var discord = new DiscordProvider(
            "discord",
            new DiscordOptions { Url = reader.Url.GetLeftPart(UriPartial.Authority) },
            TimeProvider.System
        );
        var random = new Random(1);
        string[] texts = [.. Texts, .. Enumerable.Range(0, 300).Select(_ => Anything(random))];

        foreach (var text in texts)
            (await discord.Send(DeliveryOf(text), TestContext.Current.CancellationToken)).ShouldBeOfType<ProviderResult.Accepted>(text);

        var shown = await reader.Received();
        shown.Count.ShouldBe(texts.Length);
        foreach (var (text, message) in texts.Zip(shown))
        {
            message.More.ShouldBeEmpty(text);
            message.Text.ShouldBe(text);
        }
    }

    static string Anything(Random random)
    {
        string[] pieces =
        [
            "*",
            "_",
            "~",
            "|",
            "`",
            "\\",
            "[",
            "]",
            "(",
            ")",
            "<",
            ">",
            "@",
            "#",
            "-",
            "+",
            "1.",
            ":",
            "a",
            "b",
            " ",
            "\n",
            "https://x.example/",
            "everyone",
            "t:1:R",
            "!",
            "&",
            ".",
        ];
        return $"x{string.Concat(Enumerable.Range(0, 24).Select(_ => pieces[random.Next(pieces.Length)]))}x".Replace(
            "\n\n",
            "\n",
            StringComparison.Ordinal
        );
    }

    static Delivery DeliveryOf(string text) =>
        new()
        {
            NotificationId = Guid.NewGuid(),
            Id = Guid.NewGuid(),
            Channel = "chat",
            Address = "discord:https://discord.com/api/webhooks/1/x",
            Category = "announcement",
            Content = new ChatContent(text),
        };
}
