using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Host.Settings;

/// <summary>The texts.</summary>
public sealed class TemplateSettings
{
    /// <summary>A folder of your own templates. What it has replaces the shipped ones; what it lacks is taken from them.</summary>
    public string? Folder { get; set; }

    /// <summary>The language when the recipient's is unknown or has no template. Default <c>en</c>.</summary>
    [Required]
    public string DefaultLanguage { get; set; } = "en";
}
