using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using NotificationBus.Channels.Email;
using NotificationBus.Client;
using NotificationBus.Contracts;
using NotificationBus.Dashboard;
using NotificationBus.Host.Settings;
using NotificationBus.Model;
using NotificationBus.Postgres;
using NotificationBus.Testing;

namespace NotificationBus.Tests;

/// <summary>
/// The floors of the flow, from the ground up. A type may mention types of its own floor and of those below, and of none above.
/// </summary>
public sealed partial class The_floors
{
    /// <summary>What stands in the root namespace, which every other one sees.</summary>
    const string Ground = "Ground";

    static readonly string[] FromTheGroundUp =
    [
        Ground,
        "Telemetry",
        "Status",
        "Model",
        "Messaging",
        "Templates",
        "Contents",
        "Providers",
        "Access",
        "Planning",
        "Intake",
        "Outgoing",
        "Subscriptions",
        "Notifications",
        "Failures",
        "InProcess",
        "Sending",
        "Receipts",
        "Saga",
        "Repairs",
        "Erasures",
        "Embedded",
        "Wiring",
    ];

    static readonly Assembly Flow = typeof(NotificationState).Assembly;

    public static TheoryData<Type, string[]> Assemblies =>
        new()
        {
            { typeof(OrderPlaced), [] },
            { typeof(INotifications), ["NotificationBus.Contracts"] },
            { typeof(NotificationState), ["NotificationBus.Contracts"] },
            { typeof(EmailChannel), ["NotificationBus", "NotificationBus.Contracts"] },
            { typeof(ConsoleSetup), [] },
            { typeof(TestFlow), ["NotificationBus", "NotificationBus.Channels", "NotificationBus.Contracts"] },
            { typeof(PostgresNotificationStore), ["NotificationBus", "NotificationBus.Contracts"] },
            {
                typeof(HostSettings),
                [
                    "NotificationBus",
                    "NotificationBus.Channels",
                    "NotificationBus.Contracts",
                    "NotificationBus.Dashboard",
                    "NotificationBus.Postgres",
                ]
            },
        };

    [Fact]
    public void Should_be_all_there_are() =>
        Flow.GetTypes().Select(FloorOf).OfType<string>().Distinct().ShouldBe(FromTheGroundUp, ignoreOrder: true);

    [Fact]
    public void Should_mention_none_above() =>
        Flow.GetTypes()
            .SelectMany(type =>
                Mentions
                    .Of(type)
                    .Where(mentioned => IsAbove(mentioned, type))
                    .Select(mentioned => $"{Outermost(type).FullName} -> {Outermost(mentioned).FullName}")
            )
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ShouldBeEmpty();

    /// <summary>A constant and a link in a comment leave no trace in the assembly, but a line in the file.</summary>
    [Fact]
    public void Should_use_none_above()
    {
        var root = Path.Combine(The_dependency_rule.Root(), "src", "NotificationBus");
        var files = Directory
            .EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file))
            .Where(file =>
                !file.StartsWith($"obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.StartsWith($"bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            )
            .ToList();
        var used = files
            .SelectMany(file =>
                Using().Matches(File.ReadAllText(Path.Combine(root, file))).Select(line => (File: file, Floor: line.Groups["floor"].Value))
            )
            .ToList();

        used.Count.ShouldBeGreaterThan(100);
        used.Where(line =>
                Height(line.Floor)
                > Height(line.File.Contains(Path.DirectorySeparatorChar) ? line.File.Split(Path.DirectorySeparatorChar)[0] : Ground)
            )
            .Select(line => $"{line.File} -> {line.Floor}")
            .ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Should_stand_on_assemblies_below(Type type, string[] below) =>
        type
            .Assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("NotificationBus", StringComparison.Ordinal))
            .Except(below, StringComparer.Ordinal)
            .ShouldBeEmpty();

    [Fact]
    public void Should_be_seen_through_signatures_bodies_and_attributes()
    {
        var mentioned = typeof(Mentioning)
            .GetNestedTypes(BindingFlags.NonPublic)
            .SelectMany(Mentions.Of)
            .Concat(Mentions.Of(typeof(Mentioning)))
            .ToHashSet();

        mentioned.ShouldContain(typeof(Version), "a type argument of a field");
        mentioned.ShouldContain(typeof(Uri), "what a lambda calls");
        mentioned.ShouldContain(typeof(ObsoleteAttribute));
        mentioned.ShouldContain(typeof(TimeZoneInfo), "what is caught or asked for by typeof");
    }

    static bool IsAbove(Type mentioned, Type type) =>
        FloorOf(mentioned) is { } other && FloorOf(type) is { } own && Height(other) > Height(own);

    static int Height(string floor) => Array.IndexOf(FromTheGroundUp, floor);

    /// <summary>Null for what is not of the flow, and for what the compiler has added.</summary>
    static string? FloorOf(Type type) =>
        type.Assembly != Flow || Outermost(type).Namespace is not { } space ? null
        : space == "NotificationBus" ? Ground
        : space.StartsWith("NotificationBus.", StringComparison.Ordinal) ? space.Split('.')[1]
        : null;

    static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    [GeneratedRegex(
        @"^using NotificationBus\.(?!Contracts;)(?<floor>\w+)",
        RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Using();

    sealed class Mentioning
    {
        public List<Version[]> Versions { get; } = [];

        [Obsolete("for the test")]
        public static Func<string> InALambda => () => new Uri("http://127.0.0.1").Host;

        public static Type InABody() => typeof(TimeZoneInfo);
    }

    /// <summary>The types a type mentions: in its signatures, in its attributes and in the bodies of its methods.</summary>
    static class Mentions
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

        static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (OpCode)field.GetValue(null)!)
            .ToDictionary(code => code.Value);

        public static HashSet<Type> Of(Type type)
        {
            var mentioned = new HashSet<Type>();
            Add(mentioned, type.BaseType);
            foreach (var contract in type.GetInterfaces())
                Add(mentioned, contract);
            Add(mentioned, type.CustomAttributes);
            if (type.IsGenericTypeDefinition)
            {
                foreach (var constraint in type.GetGenericArguments().SelectMany(parameter => parameter.GetGenericParameterConstraints()))
                    Add(mentioned, constraint);
            }

            foreach (var field in type.GetFields(All))
            {
                Add(mentioned, field.FieldType);
                Add(mentioned, field.CustomAttributes);
            }

            foreach (var property in type.GetProperties(All))
                Add(mentioned, property.CustomAttributes);

            foreach (var method in type.GetConstructors(All).Cast<MethodBase>().Concat(type.GetMethods(All)))
                Add(mentioned, method);

            return mentioned;
        }

        static void Add(HashSet<Type> mentioned, MethodBase method)
        {
            Add(mentioned, method.CustomAttributes);
            Add(mentioned, (method as MethodInfo)?.ReturnType);
            foreach (var parameter in method.GetParameters())
            {
                Add(mentioned, parameter.ParameterType);
                Add(mentioned, parameter.CustomAttributes);
            }

            if (method.IsGenericMethodDefinition)
            {
                foreach (var constraint in method.GetGenericArguments().SelectMany(argument => argument.GetGenericParameterConstraints()))
                    Add(mentioned, constraint);
            }

            if (method.GetMethodBody() is not { } body)
                return;

            foreach (var local in body.LocalVariables)
                Add(mentioned, local.LocalType);
            foreach (var clause in body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause))
                Add(mentioned, clause.CatchType);
            foreach (var token in TokensIn(body.GetILAsByteArray()!))
                Add(mentioned, Member(method, token));
        }

        static MemberInfo? Member(MethodBase method, int token) =>
            method.Module.ResolveMember(
                token,
                method.DeclaringType is { IsGenericType: true } owner ? owner.GetGenericArguments() : null,
                method.IsGenericMethod ? method.GetGenericArguments() : null
            );

        static IEnumerable<int> TokensIn(byte[] code)
        {
            for (var at = 0; at < code.Length; )
            {
                var operation = Codes[code[at] == 0xFE ? unchecked((short)(0xFE00 | code[at + 1])) : code[at]];
                at += operation.Size;
                if (
                    operation.OperandType
                    is OperandType.InlineField
                        or OperandType.InlineMethod
                        or OperandType.InlineTok
                        or OperandType.InlineType
                )
                    yield return BitConverter.ToInt32(code, at);

                at += operation.OperandType switch
                {
                    OperandType.InlineNone => 0,
                    OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                    OperandType.InlineVar => 2,
                    OperandType.InlineI8 or OperandType.InlineR => 8,
                    OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                    _ => 4,
                };
            }
        }

        static void Add(HashSet<Type> mentioned, IEnumerable<CustomAttributeData> attributes)
        {
            foreach (var attribute in attributes)
            {
                Add(mentioned, attribute.AttributeType);
                foreach (var argument in attribute.ConstructorArguments.Concat(attribute.NamedArguments.Select(named => named.TypedValue)))
                    Add(mentioned, argument.Value as Type);
            }
        }

        static void Add(HashSet<Type> mentioned, MemberInfo? member)
        {
            if (member is Type type)
            {
                Add(mentioned, type);
                return;
            }

            Add(mentioned, member?.DeclaringType);
            if (member is MethodInfo { IsGenericMethod: true } method)
            {
                foreach (var argument in method.GetGenericArguments())
                    Add(mentioned, argument);
            }
        }

        static void Add(HashSet<Type> mentioned, Type? type)
        {
            if (type is null || type.IsGenericParameter)
                return;

            if (type.HasElementType)
            {
                Add(mentioned, type.GetElementType());
                return;
            }

            if (type.IsGenericType && !type.IsGenericTypeDefinition)
            {
                foreach (var argument in type.GetGenericArguments())
                    Add(mentioned, argument);
                type = type.GetGenericTypeDefinition();
            }

            mentioned.Add(type);
        }
    }
}
