using System.Text.Json.Serialization;

namespace NotificationBus.Channels.Sms;

/// <summary>The encoding of the characters of a text message (3GPP TS 23.038).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SmsEncoding>))]
public enum SmsEncoding
{
    /// <summary>7 bits for each character of the default alphabet: 160 in a message, 153 in each of several parts.</summary>
    Gsm7,

    /// <summary>16 bits for each character, whatever it is: 70 in a message, 67 in each of several parts.</summary>
    Ucs2,
}
