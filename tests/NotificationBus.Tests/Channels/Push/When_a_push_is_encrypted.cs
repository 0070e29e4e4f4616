using System.Buffers.Text;
using System.Security.Cryptography;
using NotificationBus.Channels.Push;

namespace NotificationBus.Tests.Channels.Push;

public sealed class When_a_push_is_encrypted
{
    [Fact]
    public void Should_be_the_example_of_RFC_8188_section_3_1() =>
        Base64Url
            .EncodeToString(
                EncryptedContent.Encode("I am the walrus"u8, Octets("yqdlZ-tYemfogSmv7Ws5PQ"), Octets("I1BsxtFttlv3u_Oo94xnmw"), [])
            )
            .ShouldBe("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");

    [Fact]
    public void Should_be_the_example_of_RFC_8291_appendix_A()
    {
        using var key = ECDiffieHellman.Create(
            Key(
                "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
                "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
            )
        );
        var subscription = new WebPushSubscription(
            new Uri("https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"),
            Octets("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            Octets("BTBZMqHH6r4Tts7J_aSIgg")
        );

        var coded = EncryptedContent.Encrypt(
            "When I grow up, I want to be a watermelon"u8,
            subscription,
            key,
            Octets("DGv6ra1nlYgDCS1FRnbzlw")
        );

        Base64Url
            .EncodeToString(coded)
            .ShouldBe(
                "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
                    + "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
            );
        new Browser(
            Key(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
            ),
            subscription.Secret
        )
            .Decrypt(coded)
            .ShouldBe("When I grow up, I want to be a watermelon");
    }

    [Fact]
    public void Should_not_be_longer_than_a_record() =>
        Should.Throw<ArgumentException>(() => EncryptedContent.Encode(new byte[4080], new byte[16], new byte[16], []));

    static ECParameters Key(string publicKey, string secret) => WebPushSubscription.Point(Octets(publicKey)) with { D = Octets(secret) };

    static byte[] Octets(string text) => Base64Url.DecodeFromChars(text);
}
