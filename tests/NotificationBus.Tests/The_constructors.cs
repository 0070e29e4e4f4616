using System.Reflection;
using System.Runtime.CompilerServices;
using NotificationBus.Channels.Email;
using NotificationBus.Contracts;
using NotificationBus.Host.Settings;
using NotificationBus.Model;
using NotificationBus.Postgres;

namespace NotificationBus.Tests;

/// <summary>Whoever needs many others has many tasks, and is taken apart by these. A record only carries.</summary>
public sealed class The_constructors
{
    const int Most = 7;

    const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;

    static readonly Assembly[] Ours =
    [
        typeof(OrderPlaced).Assembly,
        typeof(NotificationState).Assembly,
        typeof(EmailChannel).Assembly,
        typeof(PostgresNotificationStore).Assembly,
        typeof(HostSettings).Assembly,
    ];

    [Fact]
    public void Should_ask_for_no_more_than_seven() =>
        Ours.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !IsRecord(type) && !type.IsDefined(typeof(CompilerGeneratedAttribute)))
            .SelectMany(type => type.GetConstructors(All).Select(constructor => (Type: type, Count: constructor.GetParameters().Length)))
            .Where(constructor => constructor.Count > Most)
            .Select(constructor => $"{constructor.Type.FullName}: {constructor.Count}")
            .Order(StringComparer.Ordinal)
            .ShouldBeEmpty();

    [Fact]
    public void Should_be_told_from_those_of_records()
    {
        IsRecord(typeof(DeliveryAttempt)).ShouldBeTrue();
        IsRecord(typeof(A)).ShouldBeTrue("a record struct");
        IsRecord(typeof(ChannelSet)).ShouldBeFalse();
    }

    /// <summary>The compiler writes this method for records alone.</summary>
    static bool IsRecord(Type type) => type.GetMethod("PrintMembers", All | BindingFlags.DeclaredOnly) is not null;

    readonly record struct A(int Number);
}
