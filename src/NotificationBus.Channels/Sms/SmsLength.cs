using System.Buffers;

namespace NotificationBus.Channels.Sms;

/// <summary>
/// The number of parts in which a text is sent. One character outside the default alphabet makes all of them twice as long. Source: 3GPP TS
/// 23.038, sections 6.2.1 (the alphabet and its extension) and 6.1; TS 23.040, section 9.2.3.24.1 (the header that joins parts takes 6
/// octets).
/// </summary>
static class SmsLength
{
    const int Gsm7Alone = 160;
    const int Gsm7Part = 153;
    const int Ucs2Alone = 70;
    const int Ucs2Part = 67;

    static readonly SearchValues<char> Alphabet = SearchValues.Create(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    );

    // Each is sent behind an escape, and takes the place of two.
    static readonly SearchValues<char> Extension = SearchValues.Create("\f^{}\\[~]|€");

    /// <summary>Measures a text; one without characters takes no part.</summary>
    public static (SmsEncoding Encoding, int Segments) Of(string text)
    {
        var isGsm7 = text.All(c => Alphabet.Contains(c) || Extension.Contains(c));
        return isGsm7
            ? (SmsEncoding.Gsm7, Segments(text, Gsm7Alone, Gsm7Part, isGsm7))
            : (SmsEncoding.Ucs2, Segments(text, Ucs2Alone, Ucs2Part, isGsm7));
    }

    static int Segments(string text, int alone, int part, bool isGsm7)
    {
        var (total, segments, room) = (0, 0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            // Neither an escape and its character nor the halves of a surrogate pair are torn apart.
            var isPair = !isGsm7 && char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            var size = isPair || (isGsm7 && Extension.Contains(text[i])) ? 2 : 1;
            if (isPair)
                i++;
            if (room < size)
                (segments, room) = (segments + 1, part);
            (total, room) = (total + size, room - size);
        }

        return total <= alone ? Math.Min(total, 1) : segments;
    }
}
