using System.Collections;
using System.Text.Json;

namespace NotificationBus.Templates;

/// <summary>
/// A place in the supplied JSON as a template sees it, whether something is there or not: a missing variable knows its own name,
/// may be asked for with <c>#if</c> and may not be printed. There is no .NET object behind it that a template could reach.
/// </summary>
sealed class Variable : IEnumerable
{
    const string RecipientName = "recipient";
    const int MostIterations = 10_000;

    // Fewer are looked through as fast as looked up.
    const int ManyProperties = 16;

    readonly Variable? _parent;
    readonly string _name;
    readonly JsonElement _value;
    readonly Variable _root;
    Variable? _recipient;
    Dictionary<string, Variable>? _members;
    int _iterations;
    NumberStyle? _numbers;

    Variable(Variable? parent, string name, JsonElement value)
    {
        _parent = parent;
        _name = name;
        _value = value;
        _root = parent?._root ?? this;
    }

    /// <summary>All variables of one notification. <c>recipient</c> is the bus's own word and hides one in the data.</summary>
    public static Variable Root(JsonElement data, string? recipientName, NumberStyle? numbers = null)
    {
        if (data.ValueKind != JsonValueKind.Object)
            throw new TemplateException("the data is not a JSON object");

        var recipient = recipientName is null ? default : JsonSerializer.SerializeToElement(new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = recipientName });
        var root = new Variable(parent: null, "", data);
        root._recipient = new Variable(root, RecipientName, recipient);
        root._numbers = numbers;
        return root;
    }

    /// <summary>A variable that nobody supplied.</summary>
    public static Variable Missing(string name) => new(parent: null, name, default);

    /// <summary>The style in which the text's readers write numbers.</summary>
    public NumberStyle Numbers => _root._numbers ?? NumberStyle.Invariant;

    public bool IsMissing => _value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>As the template's author writes it: <c>total.amount</c>.</summary>
    public string Path =>
        _name.Length == 0 ? "this"
        : _parent is null or { _name: "" } ? _name
        : _name.StartsWith('[') ? _parent.Path + _name
        : $"{_parent.Path}.{_name}";

    /// <summary>Names of the members; a partial with parameters sees them beside its parameters.</summary>
    public IEnumerable<string> Names
    {
        get
        {
            if (_value.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in _value.EnumerateObject())
                    yield return property.Name;
            }

            if (_recipient is not null)
                yield return RecipientName;
        }
    }

    /// <summary>
    /// The member of that name. Handlebars.Net remembers a name in the case in which it first saw it, so case cannot matter.
    /// </summary>
    public Variable Member(string name)
    {
        if (_recipient is not null && name.Equals(RecipientName, StringComparison.OrdinalIgnoreCase))
            return _recipient;

        return _value.ValueKind == JsonValueKind.Object && _value.GetPropertyCount() > ManyProperties ? MemberOfMany(name) : Find(name);
    }

    // A loop asks for the same names in every round: without a memory its cost would be its rounds times the properties of what is around
    // it.
    Variable MemberOfMany(string name)
    {
        _members ??= new Dictionary<string, Variable>(StringComparer.OrdinalIgnoreCase);
        if (!_members.TryGetValue(name, out var member))
            _members.Add(name, member = Find(name));
        return member;
    }

    Variable Find(string name) =>
        new(this, name, _value.ValueKind switch
        {
            JsonValueKind.Object => PropertyOf(_value, name),
            JsonValueKind.Array when int.TryParse(name, out var index) && index >= 0 && index < _value.GetArrayLength() => _value[index],
            _ => default,
        });

    /// <summary>The elements of an array, or the members of an object with their names.</summary>
    public IEnumerable<(string? Key, Variable Value)> Elements()
    {
        switch (_value.ValueKind)
        {
            case JsonValueKind.Array:
                var index = 0;
                foreach (var element in _value.EnumerateArray())
                    yield return (null, Iterate(new Variable(this, $"[{index++}]", element)));
                break;

            case JsonValueKind.Object:
                foreach (var property in _value.EnumerateObject())
                    yield return (property.Name, Iterate(new Variable(this, property.Name, property.Value)));
                break;

            default:
                throw IsMissing ? MissingException() : new TemplateException($"'{Path}' is not a list");
        }
    }

    /// <summary>Returns the text that is printed. Numbers keep the digits they were sent with.</summary>
    public string Text() => _value.ValueKind switch
    {
        JsonValueKind.String => _value.GetString()!,
        JsonValueKind.Number => _value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Undefined or JsonValueKind.Null => throw MissingException(),
        _ => throw new TemplateException($"'{Path}' is a list or an object and cannot be printed as a whole"),
    };

    /// <summary>Handlebars.Net takes an empty sequence for false. This is how <c>#if</c> asks.</summary>
    public IEnumerator GetEnumerator()
    {
        if (IsTrue())
            yield return this;
    }

    TemplateException MissingException() => new($"'{Path}' is missing");

    bool IsTrue() => _value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.String => !_value.ValueEquals(""),
        JsonValueKind.Number => !(_value.TryGetDecimal(out var number) && number == 0),
        JsonValueKind.Array => _value.GetArrayLength() > 0,
        _ => true,
    };

    // Loops within loops multiply: without a bound, four lists of a thousand elements keep a worker busy for a year.
    Variable Iterate(Variable element) =>
        ++_root._iterations <= MostIterations ? element : throw new TemplateException($"loops of more than {MostIterations} rounds");

    static JsonElement PropertyOf(JsonElement value, string name)
    {
        if (value.TryGetProperty(name, out var exact))
            return exact;

        foreach (var property in value.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        }

        return default;
    }
}
