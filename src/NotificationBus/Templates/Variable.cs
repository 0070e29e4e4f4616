using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fluid;
using Fluid.Values;

namespace NotificationBus.Templates;

/// <summary>
/// A place in the supplied JSON as a template sees it, whether something is there or not: a missing variable knows its own name, may be
/// asked for with <c>if</c> and <c>default</c>, and may not be printed. There is no .NET object behind it that a template could reach.
/// </summary>
sealed class Variable : FluidValue
{
    const string RecipientName = "recipient";

    readonly Variable? _parent;
    readonly string? _name;
    readonly int _index;
    readonly JsonElement _value;
    string? _text;

    // The members that were asked for, as a chain: parts and loops ask for the same few again and again.
    Variable? _members;
    Variable? _next;

    Variable(Variable? parent, string? name, JsonElement value, int index = 0)
    {
        _parent = parent;
        _name = name;
        _value = value;
        _index = index;
    }

    /// <summary>All variables of one notification. <c>recipient</c> is the bus's own word and hides one in the data.</summary>
    public static Variable Root(JsonElement data, string? recipientName)
    {
        if (data.ValueKind != JsonValueKind.Object)
            throw new TemplateException("the data is not a JSON object");

        var root = new Variable(parent: null, "", data);
        var recipient = root._members = new Variable(root, RecipientName, default);
        recipient._members = new Variable(recipient, "name", default) { _text = recipientName };
        return root;
    }

    public bool IsMissing => Kind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>As the template's author could write it: <c>total.amount</c>, <c>lines[1].name</c>.</summary>
    public string Path =>
        _name switch
        {
            null => $"{_parent!.Path}[{_index}]",
            _ when _parent is null or { _name: "" } => _name,
            _ => $"{_parent.Path}.{_name}",
        };

    public override FluidValues Type =>
        Kind switch
        {
            JsonValueKind.String => FluidValues.String,
            JsonValueKind.Number => FluidValues.Number,
            JsonValueKind.True or JsonValueKind.False => FluidValues.Boolean,
            JsonValueKind.Array => FluidValues.Array,
            JsonValueKind.Object => FluidValues.Dictionary,
            _ => FluidValues.Nil,
        };

    // The recipient's name is a text without JSON.
    JsonValueKind Kind => _text is not null && _value.ValueKind is JsonValueKind.Undefined ? JsonValueKind.String : _value.ValueKind;

    /// <summary>The member of that name; its case does not matter.</summary>
    public Variable Member(string name)
    {
        for (var member = _members; member is not null; member = member._next)
        {
            if (name.Equals(member._name, StringComparison.OrdinalIgnoreCase))
                return member;
        }

        var found = new Variable(this, name, PropertyOf(_value, name)) { _next = _members };
        return _members = found;
    }

    /// <summary>Returns the text that is printed. Numbers keep the digits they were sent with.</summary>
    public string Text() =>
        _text ??= Kind switch
        {
            JsonValueKind.String => _value.GetString()!,
            JsonValueKind.Number => _value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Undefined or JsonValueKind.Null => throw Missing(),
            _ => throw new TemplateException($"'{Path}' is a list or an object and cannot be printed as a whole"),
        };

    /// <summary>The number. The serializer of the bus writes decimals as strings, other producers write numbers.</summary>
    public decimal Number()
    {
        if (!ExactNumber.TryRead(Text(), out var number))
            throw new TemplateException($"'{Path}' is not a number");

        return ExactNumber.IsKept(Text(), number)
            ? number
            : throw new TemplateException($"'{Path}' has more digits than can be printed, and is not rounded");
    }

    public override ValueTask WriteToAsync(TextWriter writer, TextEncoder encoder, CultureInfo cultureInfo)
    {
        writer.Write(encoder.Encode(Text()));
        return default;
    }

    public override ValueTask<FluidValue> GetValueAsync(string name, TemplateContext context) =>
        (Kind, name) switch
        {
            (JsonValueKind.Array, "size") => NumberValue.Create(_value.GetArrayLength()),
            (JsonValueKind.Array, "first") => Element(0),
            (JsonValueKind.Array, "last") => Element(_value.GetArrayLength() - 1),
            (JsonValueKind.Array, _) when IsPosition(name, out var position) => Element(position),
            (JsonValueKind.String, "size") => NumberValue.Create(Text().Length),
            _ => Member(name),
        };

    public override ValueTask<FluidValue> GetIndexAsync(FluidValue index, TemplateContext context) =>
        Kind is JsonValueKind.Array && IsPosition(index.ToStringValue(), out var position)
            ? Element(position)
            : new Variable(this, index.ToStringValue(), PropertyOf(_value, index.ToStringValue()));

    /// <summary>The elements of a list, or the members of an object, each as its name and its value.</summary>
    public override IEnumerable<FluidValue> Enumerate(TemplateContext context)
    {
        switch (Kind)
        {
            case JsonValueKind.Array:
                var index = 0;
                foreach (var element in _value.EnumerateArray())
                {
                    Filling.Of(context).Limits.Round();
                    yield return new Variable(this, name: null, element, index++);
                }

                break;

            case JsonValueKind.Object:
                foreach (var property in _value.EnumerateObject())
                {
                    Filling.Of(context).Limits.Round();
                    yield return new ArrayValue([new StringValue(property.Name), new Variable(this, property.Name, property.Value)]);
                }

                break;

            default:
                throw IsMissing ? Missing() : new TemplateException($"'{Path}' is not a list");
        }
    }

    /// <summary>The same as a value of Fluid, whose operators look for those; a list or an object stays what it is.</summary>
    public FluidValue Plain() =>
        Kind switch
        {
            JsonValueKind.String => new StringValue(Text()),
            JsonValueKind.Number => NumberValue.Create(Number()),
            JsonValueKind.True => BooleanValue.True,
            JsonValueKind.False => BooleanValue.False,
            JsonValueKind.Undefined or JsonValueKind.Null => NilValue.Instance,
            _ => this,
        };

    /// <summary>The same for a filter of Fluid, which must have something to work with.</summary>
    public FluidValue ForFilter(TemplateContext context) =>
        IsMissing ? throw Missing()
        : Kind is JsonValueKind.Array ? new ArrayValue([.. Enumerate(context)])
        : Plain();

    public override bool Contains(FluidValue value) =>
        Kind is JsonValueKind.Array && _value.EnumerateArray().Any(element => new Variable(this, name: null, element).Equals(value));

    public override decimal ToNumberValue() =>
        Kind switch
        {
            JsonValueKind.Array => _value.GetArrayLength(),
            JsonValueKind.Object => _value.GetPropertyCount(),
            _ => Number(),
        };

    public override string ToStringValue() => Text();

    public override bool ToBooleanValue() => Kind is not (JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False);

    public override object? ToObjectValue() => IsMissing ? null : this;

    public static FluidValue PlainOf(FluidValue value) => value is Variable variable ? variable.Plain() : value;

    public override bool Equals(FluidValue other)
    {
        var (plain, theirs) = (Plain(), PlainOf(other));
        return plain is Variable
            ? ReferenceEquals(plain, theirs) || (theirs is not Variable && theirs.Equals(plain))
            : plain.Equals(theirs);
    }

    public override bool Equals(object? obj) => obj is FluidValue other && Equals(other);

    public override int GetHashCode() => Plain() is var plain && plain is Variable ? 0 : plain.GetHashCode();

    TemplateException Missing() => new($"'{Path}' is missing");

    static bool IsPosition(string text, out int position) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out position);

    Variable Element(int index) => new(this, name: null, index >= 0 && index < _value.GetArrayLength() ? _value[index] : default, index);

    static JsonElement PropertyOf(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return default;

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
