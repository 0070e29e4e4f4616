using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.RegularExpressions;

namespace NotificationBus.Templates;

/// <summary>Settings of <c>Brand</c>: who writes the shipped e-mails.</summary>
public sealed partial class BrandOptions : IValidatableObject
{
    /// <summary>The shop's name, at most 100 characters. Without it the e-mails name nobody.</summary>
    public string Name { get; set; } = "";

    /// <summary>The https URL of a picture that stands before the name, 28 pixels high. Default: a dot in the colour.</summary>
    public string? Logo { get; set; }

    /// <summary>The colour of lines and of the dot: <c>#</c> and six hexadecimal digits. Default <c>#2f6bff</c>.</summary>
    public string Color { get; set; } = "#2f6bff";

    /// <summary>All that templates see of it.</summary>
    internal IEnumerable<string> Texts => [NameHtml, MarkHtml, Color];

    /// <summary>The name in HTML.</summary>
    internal string NameHtml => WebUtility.HtmlEncode(Name);

    /// <summary>The HTML that stands before the name.</summary>
    internal string MarkHtml =>
        Logo is { Length: > 0 } logo
            ? $"""<img src="{WebUtility.HtmlEncode(new Uri(logo).AbsoluteUri)}" alt="" height="28" style="height:28px; border:0; """
                + """vertical-align:middle;">"""
        : Name.Length > 0 ? $"""<span style="color:{Color};">&#9679;</span>"""
        : "";

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Name.Length > 100 || Name.Any(char.IsControl))
            yield return new ValidationResult("must be at most 100 characters on one line", [nameof(Name)]);
        if (!string.IsNullOrEmpty(Logo) && !(Uri.TryCreate(Logo, UriKind.Absolute, out var logo) && logo.Scheme == Uri.UriSchemeHttps))
            yield return new ValidationResult("must be the https URL of a picture", [nameof(Logo)]);
        if (!Hexadecimal().IsMatch(Color))
            yield return new ValidationResult("must be # and six hexadecimal digits, such as #2f6bff", [nameof(Color)]);
    }

    [GeneratedRegex(@"\A#[0-9A-Fa-f]{6}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Hexadecimal();
}
