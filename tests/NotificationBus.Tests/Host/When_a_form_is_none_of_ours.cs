using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace NotificationBus.Tests.Host;

/// <summary>The console's sign-in takes forms from anybody, and anybody sends anything.</summary>
public sealed class When_a_form_is_none_of_ours(HostWithKeys keyed) : IClassFixture<HostWithKeys>
{
    const string Form = "application/x-www-form-urlencoded";

    public static TheoryData<string, string> Bodies =>
        new()
        {
            { Form, "key=x" },
            { Form, "" },
            { Form, "%" },
            { Form, "%ff%00=%c0" },
            { Form, string.Join('&', Enumerable.Range(0, 5000).Select(number => $"k{number}=v")) },
            { Form, $"key={new string('a', 50_000)}" },
            { Form, $"{new string('k', 100_000)}=v" },
            { $"{Form}; charset=utf-7", "key=x" },
            { $"{Form}; charset=nothing", "key=x" },
            { "multipart/form-data", "garbage" },
            { "multipart/form-data; boundary=x", "garbage" },
            { "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"key" },
            { "application/json", "{}" },
            { "no type", "key=x" },
        };

    [Theory, MemberData(nameof(Bodies))]
    public async Task Should_refuse_it(string type, string body)
    {
        foreach (var path in (string[])["/sign-in", "/sign-out", "/sign-out/openid"])
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type).ShouldBeTrue();
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = content };
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));

            using var answer = await keyed.Host.Client.SendAsync(request, TestContext.Current.CancellationToken);

            // Out of the door is the page to sign in, which the client follows to.
            answer.StatusCode.ShouldBeOneOf(
                HttpStatusCode.OK,
                HttpStatusCode.BadRequest,
                HttpStatusCode.NotFound,
                HttpStatusCode.RequestEntityTooLarge
            );
        }
    }
}
