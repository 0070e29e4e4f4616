using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using NotificationBus.Model;

namespace NotificationBus.Templates;

/// <summary>A text between two <c>---</c> lines of a template file.</summary>
/// <param name="Part">What it becomes.</param>
/// <param name="Text">The Liquid source.</param>
/// <param name="Line">The line of the file on which the source begins.</param>
sealed record TemplateSection(TemplatePart Part, string Text, int Line);

/// <summary>One <c>.liquid</c> file: a template with its sections, or a partial of the folder <c>_layout</c>.</summary>
sealed partial class TemplateFile
{
    const string LayoutFolder = "_layout";

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // What an editor writes in the place of a character it could not read, what begins an escape of ISO 2022, a character of UTF-16 without
    // a mark.
    static readonly SearchValues<char> Unprintable = SearchValues.Create([
        .. Enumerable
            .Range(0, 0xA0)
            .Select(c => (char)c)
            .Where(c => char.IsControl(c) && c is not ('\t' or '\n' or '\f' or '\r' or '\u0085')),
        '\ufffd',
        '\ufffe',
        '\uffff',
    ]);

    readonly string _path;

    TemplateFile(string path, string category)
    {
        _path = path;
        Category = category;
        Name = Path.GetFileNameWithoutExtension(path);
        if (IsLayout)
            return;

        var name = ChannelAndLanguage().Match(Name);
        if (!name.Success)
            throw Error("the name is not of the form channel.language.liquid, such as email.en.liquid");

        Channel = name.Groups["channel"].Value;
        Language = name.Groups["language"].Value;
    }

    /// <summary>The file's name without <c>.liquid</c>; for a layout this is the name of the partial.</summary>
    public string Name { get; }

    public string Category { get; }

    public string Channel { get; } = "";

    public string Language { get; } = "";

    public bool IsLayout => Category.Equals(LayoutFolder, StringComparison.Ordinal);

    /// <summary>All files, those of later folders in place of those of earlier ones.</summary>
    public static IReadOnlyCollection<TemplateFile> Find(IEnumerable<string> folders)
    {
        var files = new SortedDictionary<string, TemplateFile>(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder))
                throw new TemplateException($"{folder}: there is no such folder of templates");

            if (Directory.EnumerateFiles(folder, "*.hbs", SearchOption.AllDirectories).FirstOrDefault() is { } old)
            {
                throw new TemplateException(
                    $"{old}: templates are Liquid and no longer Handlebars: rename every .hbs file to .liquid, "
                        + "and write its tags as docs/templates.md shows"
                );
            }

            foreach (var path in Directory.EnumerateFiles(folder, "*.liquid", SearchOption.AllDirectories))
            {
                var steps = Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
                if (steps.Length != 2)
                    throw new TemplateException($"{path}: templates are in folders named after their category, one level deep");

                files[$"{steps[0]}/{steps[1]}"] = new TemplateFile(path, steps[0]);
            }
        }

        return files.Values;
    }

    /// <summary>The whole text, for partials: they have no sections.</summary>
    public string Read()
    {
        var bytes = File.ReadAllBytes(_path);
        // What begins with a byte order mark is read as it says.
        var (encoding, mark) = EncodingOf(bytes);
        var text = Decode(bytes, encoding, mark);
        if (text.AsSpan().IndexOfAny(Unprintable) is >= 0 and var at)
        {
            throw Error(
                $"U+{(int)text[at]:X4} is no text: it was saved in another encoding, or converted from one; save the file as UTF-8",
                text.AsSpan(0, at).Count('\n') + 1
            );
        }

        return text.ReplaceLineEndings("\n");
    }

    string Decode(byte[] bytes, Encoding encoding, int mark)
    {
        try
        {
            return encoding.GetString(bytes, mark, bytes.Length - mark);
        }
        catch (DecoderFallbackException e) when (encoding is UTF8Encoding)
        {
            var at = Math.Min(mark + BadByte(bytes.AsSpan(mark)), bytes.Length - 1);
            throw Error($"byte 0x{bytes[at]:x2} is no UTF-8: save the file as UTF-8", bytes.AsSpan(0, at).Count((byte)'\n') + 1, e);
        }
        catch (DecoderFallbackException e)
        {
            throw Error($"it is no {encoding.WebName}, as its byte order mark says: save the file as UTF-8", inner: e);
        }
    }

    static (Encoding Encoding, int Mark) EncodingOf(ReadOnlySpan<byte> bytes) =>
        bytes switch
        {
            [0xEF, 0xBB, 0xBF, ..] => (Strict, 3),
            [0xFF, 0xFE, 0, 0, ..] => (new UTF32Encoding(bigEndian: false, byteOrderMark: false, throwOnInvalidCharacters: true), 4),
            [0, 0, 0xFE, 0xFF, ..] => (new UTF32Encoding(bigEndian: true, byteOrderMark: false, throwOnInvalidCharacters: true), 4),
            [0xFF, 0xFE, ..] => (new UnicodeEncoding(bigEndian: false, byteOrderMark: false, throwOnInvalidBytes: true), 2),
            [0xFE, 0xFF, ..] => (new UnicodeEncoding(bigEndian: true, byteOrderMark: false, throwOnInvalidBytes: true), 2),
            _ => (Strict, 0),
        };

    static int BadByte(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        return at;
    }

    /// <summary>The sections, each of the channel's parts exactly once.</summary>
    public IReadOnlyList<TemplateSection> SectionsFor(IChannel channel)
    {
        var lines = Read().Split('\n');
        var sections = new List<TemplateSection>();

        for (var start = 0; start < lines.Length; )
        {
            var heading = Heading().Match(lines[start++]);
            if (!heading.Success && sections.Count == 0 && string.IsNullOrWhiteSpace(lines[start - 1]))
                continue;

            if (!heading.Success)
                throw Error("text before the first section", start);

            var part =
                channel.Parts.FirstOrDefault(part => part.Name.Equals(heading.Groups["name"].Value, StringComparison.Ordinal))
                ?? throw Error(
                    $"the channel '{channel.Name}' has no part '{heading.Groups["name"].Value}'; "
                        + $"it has {string.Join(", ", channel.Parts.Select(part => part.Name))}",
                    start
                );

            if (sections.Exists(section => section.Part == part))
                throw Error($"the section '{part.Name}' is there twice", start);

            var end = start;
            while (end < lines.Length && !Heading().IsMatch(lines[end]))
                end++;

            sections.Add(new TemplateSection(part, string.Join('\n', lines[start..end]).TrimEnd(), start + 1));
            start = end;
        }

        var missing = channel.Parts.FirstOrDefault(part => !sections.Exists(section => section.Part == part && section.Text.Length > 0));
        return missing is null ? sections : throw Error($"the section '--- {missing.Name}' is missing or empty", lines.Length);
    }

    public TemplateException Error(string reason, int line = 1, Exception? inner = null, int? column = null) =>
        new($"{_path}:{line}{(column is null ? "" : $":{column}")}: {reason}", inner);

    [GeneratedRegex(
        @"\A(?<channel>[a-z0-9-]+)\.(?<language>[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)\z",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex ChannelAndLanguage();

    [GeneratedRegex(@"\A---[ \t]+(?<name>\S+)[ \t]*\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Heading();
}
