using System.Text;

using HandlebarsDotNet;

using Microsoft.Extensions.ObjectPool;

namespace NotificationBus.Templates;

/// <summary>A part of a template, ready to be filled.</summary>
sealed class CompiledPart(string name, HandlebarsTemplate<TextWriter, object, object> template)
{
    const int LongestText = 1024 * 1024;

    // Longer than any of the shipped texts; what has grown beyond it is not kept.
    const int UsualText = 16 * 1024;

    static readonly ObjectPool<StringBuilder> Builders = new DefaultObjectPoolProvider().CreateStringBuilderPool(initialCapacity: 256, UsualText);

    public string Name => name;

    public string Fill(Variable variables)
    {
        var text = Builders.Get();
        try
        {
            using var writer = new BoundedWriter(text);
            template(writer, variables);
            return text.ToString();
        }
        finally
        {
            Builders.Return(text);
        }
    }

    /// <summary>Stops a template that writes without end.</summary>
    sealed class BoundedWriter(StringBuilder text) : StringWriter(text)
    {
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
            if (GetStringBuilder().Length + count > LongestText)
                throw new TemplateException($"the text is longer than {LongestText} characters");
        }
    }
}
