using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Contents;

/// <summary>Settings of <c>Contents</c>: encryption of the texts on record. How long they stay is <c>Retention:Contents</c>.</summary>
public sealed class ContentsOptions : IValidatableObject
{
    const int KeyLength = 32;
    const int LongestId = 32;

    /// <summary>
    /// The id of the key that encrypts, one of <see cref="Keys"/>. Without it (the default) texts are compressed and not encrypted.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// Keys by id, each 32 bytes as base64, or <c>file:</c> and the path of a file that holds that: the one that encrypts, and earlier ones
    /// for what they have encrypted. The same on all hosts, never logged. An id has 1 to 32 letters, digits, hyphens or underscores. To
    /// change the key: first add the new one here on all hosts, then name it in <see cref="Key"/>; the one before can go when
    /// <c>Retention:Contents</c> has passed.
    /// </summary>
    public IReadOnlyDictionary<string, string> Keys { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The id as the keys have it: names of keys are read in lower case.</summary>
    internal string? Current => Key?.ToLowerInvariant();

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Current is { } current && !Keys.ContainsKey(current))
            yield return new ValidationResult($"names no key: set Contents:Keys:{current}", [nameof(Key)]);
        foreach (var (id, value) in Keys)
        {
            if (id.Length is 0 or > LongestId || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                yield return new ValidationResult(
                    $"has an id that is not of 1 to {LongestId} letters, digits, hyphens and underscores",
                    [nameof(Keys)]
                );
            else if (Read(value).Refusal is { } wrong)
                yield return new ValidationResult(wrong, [$"{nameof(Keys)}:{id}"]);
        }
    }

    /// <summary>The keys as bytes, by id.</summary>
    /// <exception cref="SettingsException">One is missing, or is none.</exception>
    internal IReadOnlyDictionary<string, byte[]> ReadKeys()
    {
        if (Current is { } current && !Keys.ContainsKey(current))
            throw new SettingsException($"Contents:Key names no key: set Contents:Keys:{current}");

        return Keys.ToDictionary(
            key => key.Key,
            key =>
                Read(key.Value) is { Key: { } bytes } read
                    ? bytes
                    : throw new SettingsException($"Contents:Keys:{key.Key} {Read(key.Value).Refusal}"),
            StringComparer.Ordinal
        );
    }

    static (byte[]? Key, string? Refusal) Read(string? value)
    {
        const string File = "file:";
        var text = value ?? "";
        if (text.StartsWith(File, StringComparison.Ordinal))
        {
            try
            {
                text = System.IO.File.ReadAllText(text[File.Length..]).Trim();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return (null, $"names a file that cannot be read ({exception.GetType().Name})");
            }
        }

        var key = new byte[KeyLength];
        return Convert.TryFromBase64String(text, key, out var length) && length == KeyLength
            ? (key, null)
            : (null, $"must be {KeyLength} bytes as base64, such as openssl rand -base64 {KeyLength} gives");
    }
}
