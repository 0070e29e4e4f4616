using System.Text;

using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary>A part of a template, ready to be filled.</summary>
sealed class CompiledPart(string name, HandlebarsTemplate<TextWriter, object, object> template)
{
    const int LongestText = 1024 * 1024;

    // What the last text needed: texts of one template are of similar length, and a grown builder is copied once more.
    int _capacity = 256;

    public string Name => name;

    public string Fill(Variable variables)
    {
        using var text = new BoundedWriter(_capacity);
        template(text, variables);
        _capacity = Math.Max(_capacity, Math.Min(text.Length, 16 * 1024));
        return text.ToString();
    }

    /// <summary>Stops a template that writes without end.</summary>
    sealed class BoundedWriter(int capacity) : StringWriter(new StringBuilder(capacity))
    {
        public int Length => GetStringBuilder().Length;

        public override void Write(char value)
        {
            Reserve(1);
            base.Write(value);
        }

        public override void Write(string? value)
        {
            Reserve(value?.Length ?? 0);
            base.Write(value);
        }

        public override void Write(ReadOnlySpan<char> buffer)
        {
            Reserve(buffer.Length);
            base.Write(buffer);
        }

        public override void Write(char[] buffer, int index, int count)
        {
            Reserve(count);
            base.Write(buffer, index, count);
        }

        void Reserve(int count)
        {
            if (Length + count > LongestText)
                throw new TemplateException($"the text is longer than {LongestText} characters");
        }
    }
}
