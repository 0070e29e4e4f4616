using System.Diagnostics.CodeAnalysis;

using HandlebarsDotNet;
using HandlebarsDotNet.Compiler;
using HandlebarsDotNet.IO;
using HandlebarsDotNet.Iterators;
using HandlebarsDotNet.MemberAccessors;
using HandlebarsDotNet.ObjectDescriptors;
using HandlebarsDotNet.PathStructure;
using HandlebarsDotNet.ValueProviders;

namespace NotificationBus.Templates;

/// <summary>
/// Descriptors of what Handlebars.Net may look into: variables, and the parameters of a partial. It would read the properties of any .NET
/// object by reflection; for every other type the answer here is that it has none.
/// </summary>
sealed class VariablesOnly : IObjectDescriptorProvider
{
    static readonly ObjectDescriptor Variables = new(typeof(Variable), new Members(),
        (_, value) => ((Variable)value).Names, _ => new Elements());

    static readonly ObjectDescriptor Parameters = new(typeof(HashParameterDictionary), new ParametersAndVariables(),
        (_, value) => ((HashParameterDictionary)value).Keys.ToArray(), _ => null!);

    public bool TryGetDescriptor(Type type, [NotNullWhen(true)] out ObjectDescriptor? value)
    {
        value = type == typeof(Variable) ? Variables
            : type == typeof(HashParameterDictionary) ? Parameters
            : new ObjectDescriptor(type, new Nothing(), (_, _) => Array.Empty<string>(), _ => null!);
        return true;
    }

    sealed class Members : IMemberAccessor
    {
        public bool TryGetValue(object instance, ChainSegment memberName, out object? value)
        {
            value = ((Variable)instance).Member(memberName.TrimmedValue);
            return true;
        }
    }

    sealed class ParametersAndVariables : IMemberAccessor
    {
        public bool TryGetValue(object instance, ChainSegment memberName, out object? value)
        {
            if (!((HashParameterDictionary)instance).TryGetValue(memberName.TrimmedValue, out value))
                value = Variable.Missing(memberName.TrimmedValue);

            return true;
        }
    }

    sealed class Nothing : IMemberAccessor
    {
        public bool TryGetValue(object instance, ChainSegment memberName, out object? value)
        {
            value = null;
            return false;
        }
    }

    sealed class Elements : IIterator
    {
        public void Iterate(in EncodedTextWriter writer, BindingContext context, ChainSegment[] blockParamsVariables, object input, TemplateDelegate template, TemplateDelegate ifEmpty)
        {
            var frame = context.CreateFrame();
            try
            {
                var loop = new IteratorValues(frame);
                var names = new BlockParamsValues(frame, blockParamsVariables);
                names.CreateProperty(0, out var first);
                names.CreateProperty(1, out var second);

                var elements = ((Variable)input).Elements().ToList();
                for (var index = 0; index < elements.Count; index++)
                {
                    var (key, value) = elements[index];
                    loop.First = index == 0;
                    loop.Last = index == elements.Count - 1;
                    loop.Index = index;
                    loop.Key = key ?? (object)index;
                    loop.Value = value;
                    names[first] = value;
                    names[second] = loop.Key;
                    frame.Value = value;
                    template(writer, frame);
                }

                if (elements.Count > 0)
                    return;

                frame.Value = context.Value;
                ifEmpty(writer, frame);
            }
            finally
            {
                PooledContext.Return(frame);
            }
        }
    }
}

/// <summary>Prints variables, and refuses those that are missing.</summary>
sealed class VariableFormatter : IFormatterProvider, IFormatter
{
    public bool TryCreateFormatter(Type type, [NotNullWhen(true)] out IFormatter? formatter)
    {
        formatter = type == typeof(Variable) || type == typeof(UndefinedBindingResult) ? this : null;
        return formatter is not null;
    }

    public void Format<T>(T value, in EncodedTextWriter writer) =>
        writer.Write(value is Variable variable ? variable.Text() : throw new TemplateException($"'{value}' is missing"), encode: true);
}
