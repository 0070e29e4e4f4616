using System.Runtime.CompilerServices;

using HandlebarsDotNet;

using Names = HandlebarsDotNet.Collections.FixedSizeDictionary<
    HandlebarsDotNet.PathStructure.ChainSegment, object?, HandlebarsDotNet.PathStructure.ChainSegment.ChainSegmentEqualityComparer>;

namespace NotificationBus.Templates;

/// <summary>
/// Puts a context of Handlebars.Net back into its pool, with nothing in it. By itself Handlebars.Net only counts how often a context was
/// used, in a byte: what the 255th use before this one has left is found again, and may be the name of another recipient.
/// </summary>
static class PooledContext
{
    public static void Return(BindingContext context)
    {
        BlockParametersOf(context).Clear();
        LoopVariablesOf(context).Clear();
        context.Dispose();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_BlockParamsObject")]
    static extern Names BlockParametersOf(BindingContext context);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ContextDataObject")]
    static extern Names LoopVariablesOf(BindingContext context);
}
