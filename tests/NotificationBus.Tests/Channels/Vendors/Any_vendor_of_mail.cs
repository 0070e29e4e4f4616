using System.Text;
using System.Text.Json;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Vendors;

/// <summary>What is promised of every vendor of e-mail besides.</summary>
public abstract class Any_vendor_of_mail<TVendor> : Any_vendor<TVendor>
    where TVendor : IVendorSituation
{
    [Fact]
    public async Task Should_let_the_recipient_unsubscribe_with_one_click()
    {
        Vendor.Answers(TVendor.Answers.First().Status, TVendor.Answers.First().Body);

        await Provider()
            .Send(TVendor.ADelivery with { UnsubscribeUrl = new Uri("https://notify.example.com/v1/unsubscribe/t0k3n") }, Cancellation);

        var headers = Headers(JsonDocument.Parse(Vendor.Requests.ShouldHaveSingleItem().Body).RootElement);
        headers.ShouldContainKeyAndValue("List-Unsubscribe", "<https://notify.example.com/v1/unsubscribe/t0k3n>");
        headers.ShouldContainKeyAndValue("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    }

    /// <summary>An application's own sender takes the place of the account's, mailbox and name.</summary>
    [Fact]
    public async Task Should_send_from_its_applications_own_sender()
    {
        Vendor.Answers(TVendor.Answers.First().Status, TVendor.Answers.First().Body);

        await Provider().Send(TVendor.ADelivery with { Sender = new Sender("cup@example.org", "Cup") }, Cancellation);

        var body = Vendor.Requests.ShouldHaveSingleItem().Body;
        if (JsonDocument.Parse(body).RootElement.TryGetProperty("Content", out var content))
            body = Encoding.UTF8.GetString(content.GetProperty("Raw").GetProperty("Data").GetBytesFromBase64());
        body.ShouldContain("cup@example.org");
        body.ShouldContain("Cup");
        body.ShouldNotContain(Mail.From);
        body.ShouldNotContain(Mail.FromName);
        body.ShouldNotContain(Mail.From.Split('@')[1]);
    }

    /// <summary>The mail's header fields: an object, a list of names and values, or those of a whole mail in base64.</summary>
    static Dictionary<string, string> Headers(JsonElement body)
    {
        if (body.TryGetProperty("headers", out var fields))
            return fields.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.GetString()!, StringComparer.Ordinal);
        if (body.TryGetProperty("Headers", out var list))
            return list.EnumerateArray()
                .ToDictionary(
                    field => field.GetProperty("Name").GetString()!,
                    field => field.GetProperty("Value").GetString()!,
                    StringComparer.Ordinal
                );

        var mail = Encoding.UTF8.GetString(body.GetProperty("Content").GetProperty("Raw").GetProperty("Data").GetBytesFromBase64());
        return mail.Split("\r\n\r\n")[0]
            .Replace("\r\n ", " ", StringComparison.Ordinal)
            .Replace("\r\n\t", " ", StringComparison.Ordinal)
            .Split("\r\n")
            .Select(line => line.Split(": ", 2))
            .ToDictionary(field => field[0], field => field[1], StringComparer.Ordinal);
    }
}
