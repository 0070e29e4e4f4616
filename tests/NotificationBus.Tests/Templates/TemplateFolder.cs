using System.Text.Json;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Sms;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

/// <summary>A folder of templates that a test writes itself, and the shipped one.</summary>
public sealed class TemplateFolder : IDisposable
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    public static readonly EmailChannel Email = new();
    public static readonly PushChannel Push = new();
    public static readonly SmsChannel Sms = new();
    public static readonly ChatChannel Chat = new();
    public static readonly IChannel[] Channels = [Email, Push, Sms, Chat];

    public static string Shipped => System.IO.Path.Combine(AppContext.BaseDirectory, "templates");

    public string Path => _folder.FullName;

    public TemplateFolder Write(string file, string text)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    /// <summary>A push template <c>test/push.en.liquid</c>, whose body begins on line 4.</summary>
    public TemplateFolder Body(string body) => Write("test/push.en.liquid", $"--- title\nTitle\n--- body\n{body}\n");

    /// <summary>An e-mail template <c>test/email.en.liquid</c>, whose HTML begins on line 6.</summary>
    public TemplateFolder Html(string html) =>
        Write("test/email.en.liquid", $"--- subject\n{{{{title}}}}\n--- text\n{{{{title}}}}\n--- html\n{html}\n");

    public LiquidTemplates Load() => LiquidTemplates.Load(Path, Channels);

    /// <summary>The body of the push template, filled.</summary>
    public string Fill(string json, string? recipientName = null) =>
        ((PushContent)Load().Render("test", Push, null, recipientName, Json(json))).Body;

    public EmailContent FillEmail(string json) => (EmailContent)Load().Render("test", Email, null, null, Json(json));

    /// <summary>The HTML of an e-mail whose title is that text; its subject is not looked at.</summary>
    public string FillText(string title)
    {
        Write(
            "test/email.en.liquid",
            File.ReadAllText(System.IO.Path.Combine(Path, "test/email.en.liquid"))
                .Replace("--- subject\n{{title}}", "--- subject\nsubject", StringComparison.Ordinal)
        );
        return FillEmail(JsonSerializer.Serialize(new { title })).Html;
    }

    public static JsonElement Json(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
