using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using NotificationBus.Host.Settings;

namespace NotificationBus.Tests.Docs;

/// <summary>A setting, as its option class describes it.</summary>
/// <param name="Path">The key, with names in braces where the operator chooses them: <c>Channels:{channel}:Concurrency</c>.</param>
/// <param name="Property">The property it is bound to.</param>
/// <param name="Value">The default; null when there is none.</param>
sealed record Setting(string Path, PropertyInfo Property, object? Value)
{
    // What the keys of a dictionary are called, by the property that holds it.
    static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["EventTypes"] = "{category}",
        ["Applications"] = "{name}",
        ["Channels"] = "{channel}",
        ["Headers"] = "{name}",
        ["Keys"] = "{id}",
        ["Prices"] = "{country}",
    };

    /// <summary>The settings of an option class and of the classes below it, in the order in which they are written there.</summary>
    public static IEnumerable<Setting> Of(Type options, string path = "") =>
        Of(SettingsReader.KeysOf(options), Activator.CreateInstance(options)!, path);

    /// <summary>The settings of some properties of an option class.</summary>
    public static IEnumerable<Setting> Of(IEnumerable<PropertyInfo> properties, object options, string path) =>
        properties.SelectMany(property =>
            Below(property, property.GetValue(options), path.Length == 0 ? property.Name : $"{path}:{property.Name}")
        );

    static IEnumerable<Setting> Below(PropertyInfo property, object? value, string path)
    {
        var type = property.PropertyType;
        if (SettingsReader.IsScalar(type))
            return [new Setting(path, property, value)];

        if (!type.IsGenericType)
            return Of(SettingsReader.KeysOf(type), value ?? Activator.CreateInstance(type)!, path);

        var item = type.GetGenericArguments()[^1];
        return type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)
            ? SettingsReader.IsScalar(item)
                ? [new Setting($"{path}:{Keys[property.Name]}", property, null)]
                : Of(item, $"{path}:{Keys[property.Name]}")
            : SettingsReader.IsScalar(item)
                ? [new Setting(path, property, value)]
                : Of(item, $"{path}:{{number}}");
    }

    /// <summary>The form of a value.</summary>
    public string Form =>
        Property.PropertyType switch
        {
            { IsGenericType: true } list when list.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => list.GetGenericArguments()[0]
            == typeof(TimeSpan)
                ? "times, separated by commas"
                : "list, separated by commas",
            { IsGenericType: true } dictionary when dictionary.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) =>
                dictionary.GetGenericArguments()[1] == typeof(decimal) ? "number" : "text",
            _ when Scalar.IsEnum => "word",
            _ when Scalar == typeof(bool) => "`true` or `false`",
            _ when Scalar == typeof(TimeSpan) => "time",
            _ when Scalar == typeof(double) || Scalar == typeof(decimal) => "number",
            _ when Scalar == typeof(string) => "text",
            _ => "whole number",
        };

    /// <summary>The words of an enumeration; else the least and the most.</summary>
    public string Range =>
        Scalar.IsEnum ? string.Join(", ", Enum.GetNames(Scalar).Select(name => $"`{name}`"))
        : Property.GetCustomAttribute<RangeAttribute>() is { } range ? $"{Bound(range.Minimum)} to {Bound(range.Maximum)}"
        : "";

    /// <summary>The default as it would be set; nothing where there is none.</summary>
    public string Default => Write(Value);

    /// <summary>True when the host does not start without it.</summary>
    public bool MustBeSet(string summary) =>
        Default.Length == 0
        && (Property.GetCustomAttribute<RequiredAttribute>() is not null || summary.Contains("Required.", StringComparison.Ordinal));

    public Type Scalar => Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType;

    public static string Write(object? value) =>
        value switch
        {
            null or "" => "",
            string text => $"`{text}`",
            bool isTrue => isTrue ? "`true`" : "`false`",
            IEnumerable list => list.Cast<object>().Select(Plain).ToList() is { Count: > 0 } items ? $"`{string.Join(',', items)}`" : "",
            _ => $"`{Plain(value)}`",
        };

    static string Plain(object value) =>
        value is IFormattable formattable ? formattable.ToString(format: null, CultureInfo.InvariantCulture) : $"{value}";

    static string Bound(object bound) =>
        bound switch
        {
            string time => $"`{time}`",
            double number when number == Math.Floor(number) => number.ToString("N0", CultureInfo.InvariantCulture),
            double number => number.ToString(CultureInfo.InvariantCulture),
            _ => ((IFormattable)bound).ToString("N0", CultureInfo.InvariantCulture),
        };
}
