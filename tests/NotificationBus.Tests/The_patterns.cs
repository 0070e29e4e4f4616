using System.Reflection;
using System.Text.RegularExpressions;
using NotificationBus.Channels;
using NotificationBus.Host;
using NotificationBus.Wiring;

namespace NotificationBus.Tests;

/// <summary>
/// A13: a busy machine lets any limit of wall time pass. Patterns take time that is linear in their input instead, and have no limit.
/// </summary>
public sealed class The_patterns
{
    const BindingFlags Any =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static TheoryData<string, string> Patterns =>
        [.. Generated.Select(pattern => ($"{pattern.Method.DeclaringType}.{pattern.Method.Name}", pattern.Attribute.Pattern))];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Should_have_no_limit_of_time(string name, string pattern)
    {
        var (method, attribute) = Generated.Single(generated => $"{generated.Method.DeclaringType}.{generated.Method.Name}" == name);

        attribute.Options.HasFlag(RegexOptions.NonBacktracking).ShouldBeTrue(pattern);
        ((Regex)method.Invoke(obj: null, parameters: null)!).MatchTimeout.ShouldBe(Regex.InfiniteMatchTimeout, pattern);
    }

    static IEnumerable<(MethodInfo Method, GeneratedRegexAttribute Attribute)> Generated =>
        from assembly in (Assembly[])
            [
                typeof(NotificationBusSetup).Assembly,
                typeof(ChannelSetup).Assembly,
                typeof(global::NotificationBus.Postgres.PostgresSetup).Assembly,
                typeof(NotificationHost).Assembly,
            ]
        from type in assembly.GetTypes()
        from method in type.GetMethods(Any)
        from attribute in method.GetCustomAttributes<GeneratedRegexAttribute>()
        select (method, attribute);
}
