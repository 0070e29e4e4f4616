using System.Linq.Expressions;

using HandlebarsDotNet;

namespace NotificationBus.Templates;

/// <summary>
/// Handlebars.Net takes a context of 10 KB from its pool for each partial that has a parameter or a block, and does not put it back. Here
/// <c>Partial(name, context.CreateChildContext(…))</c> becomes <c>var child = context.CreateChildContext(…); try { Partial(name, child); } finally { … }</c>.
/// </summary>
sealed class ContextsOfPartials : ExpressionVisitor, IExpressionMiddleware
{
    public Expression<T> Invoke<T>(Expression<T> expression) where T : Delegate => VisitAndConvert(expression, nameof(Invoke));

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        var call = (MethodCallExpression)base.VisitMethodCall(node);
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
}
