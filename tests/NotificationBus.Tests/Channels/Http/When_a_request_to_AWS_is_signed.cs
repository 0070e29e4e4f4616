using System.Text;
using NotificationBus.Channels.Http;

namespace NotificationBus.Tests.Channels.Http;

/// <summary>The vectors of AWS's own test suite for Signature Version 4.</summary>
public sealed class When_a_request_to_AWS_is_signed
{
    static readonly AwsCredentials Credentials = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    static readonly DateTimeOffset At = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(
        "GET",
        "https://example.amazonaws.com/",
        null,
        null,
        null,
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )]
    [InlineData(
        "POST",
        "https://example.amazonaws.com/",
        null,
        null,
        null,
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )]
    [InlineData(
        "GET",
        "https://example.amazonaws.com/?Param2=value2&Param1=value1",
        null,
        null,
        null,
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    )]
    [InlineData(
        "POST",
        "https://example.amazonaws.com/",
        "application/x-www-form-urlencoded",
        "Param1=value1",
        null,
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
    )]
    [InlineData(
        "GET",
        "https://example.amazonaws.com/",
        null,
        null,
        "My-Header1:value2,value2,value1",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
    )]
    [InlineData(
        "GET",
        "https://example.amazonaws.com/",
        null,
        null,
        "My-Header1:value1,value2,value3",
        "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"
    )]
    public void Should_be_the_signature_AWS_computes(
        string method,
        string url,
        string? contentType,
        string? body,
        string? header,
        string expected
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        if (header is not null)
            request.Headers.TryAddWithoutValidation(header.Split(':')[0], header.Split(':')[1]);
        if (contentType is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body!));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        AwsSignature.Sign(request, Encoding.UTF8.GetBytes(body ?? ""), Credentials, "us-east-1", "service", At);

        var authorization = request.Headers.GetValues("Authorization").Single();
        authorization.ShouldStartWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=");
        authorization.ShouldEndWith($"Signature={expected}");
    }

    [Fact]
    public void Should_carry_the_token_of_temporary_credentials()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://example.amazonaws.com/");

        AwsSignature.Sign(request, default, Credentials with { SessionToken = "token" }, "us-east-1", "service", At);

        request.Headers.GetValues("X-Amz-Security-Token").ShouldBe(["token"]);
        request.Headers.GetValues("Authorization").Single().ShouldContain("SignedHeaders=host;x-amz-date;x-amz-security-token");
    }
}
