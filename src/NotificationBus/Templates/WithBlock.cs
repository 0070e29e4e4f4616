using HandlebarsDotNet;
using HandlebarsDotNet.Features;
using HandlebarsDotNet.Helpers;
using HandlebarsDotNet.Helpers.BlockHelpers;
using HandlebarsDotNet.Runtime;

namespace NotificationBus.Templates;

/// <summary><c>{{#with buyer as |name|}}</c>, as it is built in, but with nothing left in the context that it puts back.</summary>
sealed class WithBlock : IFeatureFactory, IFeature
{
    public IFeature CreateFeature() => this;

    // Handlebars.Net registers its own again for each template, before it asks the features that are added to it.
    public void OnCompiling(ICompiledHandlebarsConfiguration configuration) =>
        configuration.BlockHelpers["with"] = new Ref<IHelperDescriptor<BlockHelperOptions>>(new DelegateBlockHelperDescriptor("with", Fill));

    public void CompilationCompleted()
    {
    }

    static void Fill(EncodedTextWriter writer, BlockHelperOptions options, Context context, Arguments arguments)
    {
        if (arguments.Length != 1)
            throw new TemplateException("{{#with …}} needs one value");

        if (HandlebarsUtils.IsFalsyOrEmpty(arguments[0]))
        {
            options.Inverse(writer, context);
            return;
        }

        var frame = options.CreateFrame(arguments[0]);
        try
        {
            var names = frame.BlockParams(options.BlockVariables);
            names[0] = arguments[0];
            options.Template(writer, frame);
        }
        finally
        {
            PooledContext.Return(frame);
        }
    }
}
