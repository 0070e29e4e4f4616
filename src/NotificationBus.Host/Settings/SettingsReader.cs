using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace NotificationBus.Host.Settings;

/// <summary>
/// Reads settings and refuses what it does not know: a misspelt key would otherwise be a default that nobody chose. It reports
/// every wrong key at once, and never repeats a value.
/// </summary>
sealed class SettingsReader
{
    readonly List<string> _errors = [];

    public IReadOnlyList<string> Errors => _errors;

    /// <summary>Reads an object whose settable properties are the keys that are allowed.</summary>
    public object Read(Type type, IConfiguration section, string path = "", params IEnumerable<string> alsoAllowed)
    {
        var target = Activator.CreateInstance(type)!;
        var properties = KeysOf(type).ToList();
        if (section is IConfigurationSection { Value: { Length: > 0 } value } && DefaultOf(type) is { } usual)
        {
            usual.SetValue(target, Convert(usual.PropertyType, value, path) ?? usual.GetValue(target));
            if (section.GetSection(usual.Name).Exists())
                _errors.Add($"{path} is set twice: by itself and as {Join(path, usual.Name)}; leave one of them");
        }
        else
        {
            MustBeSection(section, path, properties.Select(property => property.Name).Concat(alsoAllowed));
        }

        foreach (var child in section.GetChildren())
        {
            var property = properties.Find(property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is not null)
                property.SetValue(target, ReadValue(property.PropertyType, child, Join(path, property.Name)) ?? property.GetValue(target));
            else if (!alsoAllowed.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                _errors.Add(Unknown(Join(path, child.Key), child.Key, [.. properties.Select(property => property.Name), .. alsoAllowed]));
        }

        Validate(target, path);
        return target;
    }

    /// <summary>The properties that are the keys of a section.</summary>
    public static IEnumerable<PropertyInfo> KeysOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    /// <summary>The key that a value of the section itself is for; null where it must have keys.</summary>
    public static PropertyInfo? DefaultOf(Type type) =>
        type.GetCustomAttribute<DefaultPropertyAttribute>() is { Name: { } name } ? type.GetProperty(name) : null;

    /// <summary>True for what is set as one value; all else has keys below it, or is a list.</summary>
    public static bool IsScalar(Type type) =>
        Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) != TypeCode.Object
        || type == typeof(TimeSpan)
        || type == typeof(TimeSpan?);

    /// <summary>Says what is wrong with a key that is not known here.</summary>
    public static string Unknown(string path, string key, IReadOnlyList<string> allowed) =>
        $"{path} is unknown, allowed here are {string.Join(", ", allowed)}{Spelling.DidYouMean(key, allowed)}";

    object? ReadValue(Type type, IConfigurationSection section, string path)
    {
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && IsScalar(type.GetGenericArguments()[0]))
            return ReadList(type.GetGenericArguments()[0], section, path);

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return ReadNumbered(type.GetGenericArguments()[0], section, path);

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            return ReadDictionary(type.GetGenericArguments()[1], section, path);

        if (!IsScalar(type))
            return Read(type, section, path);

        return section.Value is { } value ? Convert(type, value, path) : NotAScalar(section, path);
    }

    /// <summary>A value where keys are expected would be passed over without a word: <c>--EventTypes:order-placed=push</c>.</summary>
    void MustBeSection(IConfiguration section, string path, IEnumerable<string> keys)
    {
        if (section is IConfigurationSection { Value.Length: > 0 })
            _errors.Add($"{path} has no value of its own; set {string.Join(", ", keys.Select(key => Join(path, key)))}");
    }

    string? NotAScalar(IConfigurationSection section, string path)
    {
        if (section.GetChildren().Any())
            _errors.Add($"{path} must be a single value");
        return null;
    }

    IDictionary ReadDictionary(Type valueType, IConfigurationSection section, string path)
    {
        var dictionary = (IDictionary)
            Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), valueType), StringComparer.Ordinal)!;
        MustBeSection(section, path, ["…"]);
        foreach (var child in section.GetChildren())
        {
            // The framework compares keys without case and keeps the spelling that came first; names of ours are in lower case.
            var name = child.Key.ToLowerInvariant();
            if (ReadValue(valueType, child, Join(path, name)) is { } value)
                dictionary.Add(name, value);
        }

        return dictionary;
    }

    /// <summary>
    /// A list, either one key for each item or, shorter on the command line and replacing the whole list, one value with commas.
    /// </summary>
    Array ReadList(Type itemType, IConfigurationSection section, string path)
    {
        var items = section.Value is { } value
            ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : section.GetChildren().Select(item => item.Value ?? NotAScalar(item, Join(path, item.Key))).OfType<string>();
        var read = items.Select(item => Convert(itemType, item, path)).Where(item => item is not null).ToArray();
        var list = Array.CreateInstance(itemType, read.Length);
        read.CopyTo(list, 0);
        return list;
    }

    /// <summary>A list of objects, each under its number, in the order of the numbers.</summary>
    Array ReadNumbered(Type itemType, IConfigurationSection section, string path)
    {
        MustBeSection(section, path, ["0"]);
        var numbered = new SortedDictionary<int, object>();
        foreach (var child in section.GetChildren())
        {
            if (!int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                _errors.Add($"{Join(path, child.Key)} must be a number, such as {Join(path, "0")}");
            else if (ReadValue(itemType, child, Join(path, $"{number}")) is { } item)
                numbered[number] = item;
        }

        // What is wrong with an item is said by its place in the list.
        if (numbered.Count > 0 && numbered.Keys.Last() != numbered.Count - 1)
            _errors.Add($"{path} must be numbered from 0 without a gap");

        var items = Array.CreateInstance(itemType, numbered.Count);
        ((ICollection)numbered.Values).CopyTo(items, 0);
        return items;
    }

    object? Convert(Type type, string value, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        object? converted =
            type == typeof(string) ? value
            : type == typeof(TimeSpan) ? Time(value)
            : Scalar(type, value);
        if (converted is null)
            _errors.Add($"{path} must be {Describe(type)}");
        return converted;
    }

    /// <summary>Stricter than the framework, which takes 5 for days, and 24:00:00 for 24 of them.</summary>
    static TimeSpan? Time(string value) =>
        value.Contains(':') && TimeSpan.TryParseExact(value, "c", CultureInfo.InvariantCulture, out var time) ? time : null;

    static object? Scalar(Type type, string value)
    {
        try
        {
            // The converter of an enum takes any number, also one that stands for nothing.
            return !type.IsEnum || Enum.GetNames(type).Contains(value, StringComparer.OrdinalIgnoreCase)
                ? TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, value)
                : null;
        }
        catch (Exception)
        {
            // Each converter has exceptions of its own; what it wants is said above.
            return null;
        }
    }

    static string Describe(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a time such as 00:00:05 (hours:minutes:seconds) or 1.00:00:00 (a day)"
        : "a number";

    void Validate(object target, string path)
    {
        var results = new List<ValidationResult>();
        if (Validator.TryValidateObject(target, new ValidationContext(target), results, validateAllProperties: true))
            return;

        _errors.AddRange(results.Select(result => $"{Join(path, string.Join(',', result.MemberNames))}: {result.ErrorMessage}"));
    }

    static string Join(string path, string key) => path.Length == 0 ? key : $"{path}:{key}";
}
