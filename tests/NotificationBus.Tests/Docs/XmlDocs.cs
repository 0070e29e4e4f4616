using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NotificationBus.Tests.Docs;

/// <summary>Reads what the compiler has written down of a type's own documentation, as Markdown.</summary>
sealed partial class XmlDocs
{
    readonly Dictionary<string, XElement> _members;

    public XmlDocs(IEnumerable<Assembly> assemblies) =>
        _members = assemblies
            .SelectMany(assembly => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member"))
            .ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);

    public string SummaryOf(Type type) => Text($"T:{NameOf(type)}", "summary");

    /// <summary>What a type says beside its summary, or nothing.</summary>
    public string RemarksOf(Type type) => Text($"T:{NameOf(type)}", "remarks");

    public string SummaryOf(PropertyInfo property) => Text($"P:{NameOf(property.DeclaringType!)}.{property.Name}", "summary");

    public string SummaryOf(FieldInfo field) => Text($"F:{NameOf(field.DeclaringType!)}.{field.Name}", "summary");

    static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    string Text(string member, string part)
    {
        var written = _members.GetValueOrDefault(member) ?? throw new InvalidOperationException($"{member} has no documentation.");
        var text = new StringBuilder();
        foreach (var node in written.Element(part)?.Nodes() ?? [])
            text.Append(Markdown(node, member));
        return Blanks().Replace(text.ToString(), " ").Trim();
    }

    static string Markdown(XNode node, string member) =>
        node switch
        {
            XText text => text.Value,
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } reference => $"`{LastName(reference.Attribute("cref")!.Value)}`",
            _ => throw new InvalidOperationException($"{member} has a part that the page cannot show: {node}"),
        };

    static string LastName(string reference) => reference[(reference.LastIndexOf('.') + 1)..];

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();
}
