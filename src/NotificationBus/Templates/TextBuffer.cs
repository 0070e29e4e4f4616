using System.Text;
using Microsoft.Extensions.ObjectPool;

namespace NotificationBus.Templates;

/// <summary>A text while it is written. It is used again for others, empty, and stops a template that writes without end.</summary>
sealed class TextBuffer : TextWriter
{
    public const int LongestText = 1024 * 1024;

    // Longer than any of the shipped texts; what has grown beyond it is not kept.
    const int UsualText = 16 * 1024;

    static readonly ObjectPool<TextBuffer> Pool = new DefaultObjectPoolProvider().Create(new Empty());

    char[] _characters = new char[1024];
    int _length;

    public override Encoding Encoding => Encoding.Unicode;

    public int Length => _length;

    public static TextBuffer Rent() => Pool.Get();

    public void Return() => Pool.Return(this);

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        if (_length + buffer.Length > LongestText)
            throw new TemplateException($"the text is longer than {LongestText} characters");

        if (_length + buffer.Length > _characters.Length)
            Array.Resize(ref _characters, Math.Max(_characters.Length * 2, _length + buffer.Length));
        buffer.CopyTo(_characters.AsSpan(_length));
        _length += buffer.Length;
    }

    // The base class would ask another thread to do it.
    public override Task WriteAsync(string? value)
    {
        Write(value);
        return Task.CompletedTask;
    }

    public override string ToString() => new(_characters, 0, _length);

    sealed class Empty : PooledObjectPolicy<TextBuffer>
    {
        public override TextBuffer Create() => new();

        public override bool Return(TextBuffer obj)
        {
            obj._length = 0;
            return obj._characters.Length <= UsualText;
        }
    }
}
