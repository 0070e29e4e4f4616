using System.Linq.Expressions;

using HandlebarsDotNet;
using HandlebarsDotNet.Compiler;
using HandlebarsDotNet.ObjectDescriptors;
using HandlebarsDotNet.PathStructure;

namespace NotificationBus.Templates;

/// <summary>
/// Handlebars.Net takes a context of 10 KB from its pool for each partial that has a parameter or a block, and does not put it back. Here
/// <c>Partial(name, context.CreateChildContext(…))</c> becomes
/// <c>var child = context.CreateChildContext(…); try { Partial(name, child); } finally { … }</c>. The context of an <c>#each</c> over what
/// is no variable and false, like an empty parameter, it puts back as it is. Here it is put back empty.
/// </summary>
sealed class ReturnedContexts : ExpressionVisitor, IExpressionMiddleware
{
    public Expression<T> Invoke<T>(Expression<T> expression) where T : Delegate => VisitAndConvert(expression, nameof(Invoke));

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        var call = (MethodCallExpression)base.VisitMethodCall(node);
        if (call.Method.Name == "Iterate")
            return Expression.Call(((Action<BindingContext, EncodedTextWriter, ChainSegment[], object?, TemplateDelegate, TemplateDelegate>)Iterate).Method, call.Arguments);

        var child = call.Arguments.SingleOrDefault(argument => argument is MethodCallExpression { Method.Name: "CreateChildContext" });
        if (child is null)
            return call;

        var context = Expression.Variable(typeof(BindingContext));
        return Expression.Block([context],
            Expression.Assign(context, child),
            Expression.TryFinally(
                call.Update(call.Object, call.Arguments.Select(argument => argument == child ? context : argument)),
                Expression.Call(((Action<BindingContext>)PooledContext.Return).Method, context)));
    }

    static void Iterate(BindingContext context, EncodedTextWriter writer, ChainSegment[] names, object? list, TemplateDelegate template, TemplateDelegate ifEmpty)
    {
        if (HandlebarsUtils.IsTruthy(list))
        {
            var iterator = ObjectDescriptor.Create(list).Iterator ?? throw new TemplateException("{{#each …}} needs a list");
            iterator.Iterate(writer, context, names, list, template, ifEmpty);
            return;
        }

        var frame = context.CreateFrame(context.Value);
        try
        {
            ifEmpty(writer, frame);
        }
        finally
        {
            PooledContext.Return(frame);
        }
    }
}
