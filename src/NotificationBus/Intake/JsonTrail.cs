using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NotificationBus.Intake;

/// <summary>
/// The place that a walk through a JSON document has reached. It is written out only when something is wrong there: written at every step,
/// the places of a list would cost its length times that of the names above it.
/// </summary>
public sealed class JsonTrail
{
    // A path may be the caller's own text; what is echoed stays short.
    const int Longest = 64;

    readonly List<Step> _steps = [];

    /// <summary>Goes to a property.</summary>
    public void Enter(JsonProperty property) => _steps.Add(new Step(property, Name: null, Index: 0));

    /// <summary>Goes to a property of that name.</summary>
    public void Enter(string name) => _steps.Add(new Step(default, name, Index: 0));

    /// <summary>Goes to an element of a list.</summary>
    public void Enter(int index) => _steps.Add(new Step(default, Name: null, index));

    /// <summary>Goes back to where it came from.</summary>
    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary>A property of the object it stands at.</summary>
    public string At(string name)
    {
        Enter(name);
        var place = ToString();
        Leave();
        return place;
    }

    /// <summary>The place, as in <c>seller.pushTokens[0]</c>; its beginning when it is longer than 64 characters.</summary>
    public override string ToString()
    {
        if (_steps.Count == 0)
            return "$";

        var text = new StringBuilder();
        foreach (var step in _steps)
        {
            if (text.Length > Longest)
                break;
            step.WriteTo(text);
        }

        return text.Length <= Longest ? text.ToString() : $"{text.ToString(0, Longest - 1)}…";
    }

    readonly record struct Step(JsonProperty Property, string? Name, int Index)
    {
        public void WriteTo(StringBuilder text)
        {
            if ((Name ?? (Property.Value.ValueKind == JsonValueKind.Undefined ? null : Property.Name)) is not { } name)
                text.Append(CultureInfo.InvariantCulture, $"[{Index}]");
            else
                text.Append(text.Length == 0 ? "" : ".").Append(name);
        }
    }
}
