using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>A service that posts events over HTTP and repeats each until it is accepted, as the answer 503 tells it to.</summary>
sealed class PersistentCaller(IRunningHost host)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    int _accepted;
    int _refused;

    /// <summary>How many events were accepted so far.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>How many calls were refused so far, for then.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Posts as many orders as named, eight at a time.</summary>
    public Task Post(int count) =>
        Parallel.ForEachAsync(
            Enumerable.Range(1, count),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (number, _) => await PostUntilAccepted(number)
        );

    /// <summary>Waits until so many events were accepted.</summary>
    public async Task Until(int accepted)
    {
        var waiting = Stopwatch.StartNew();
        while (Accepted < accepted)
        {
            if (waiting.Elapsed > Patience)
                throw new TimeoutException($"{Accepted} events were accepted after {Patience}, wanted are {accepted}:\n{host.Output}");

            await Task.Delay(10);
        }
    }

    /// <summary>Posts one order, again and again until it is accepted.</summary>
    public async Task PostUntilAccepted(int number)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            using var answer = await host.Client.PostAsJsonAsync("/v1/events/order-placed", Order(number), JsonSerializerOptions.Web);
            if (answer.StatusCode == HttpStatusCode.Accepted)
            {
                Interlocked.Increment(ref _accepted);
                return;
            }

            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, await answer.Content.ReadAsStringAsync());
            Interlocked.Increment(ref _refused);
            if (waiting.Elapsed > Patience)
                throw new TimeoutException($"order-{number} is still refused after {Patience}:\n{host.Output}");

            await Task.Delay(100);
        }
    }

    static OrderPlaced Order(int number) =>
        new()
        {
            EventId = $"order-{number}",
            OrderId = $"{4711 + number}",
            Product = "Blue ceramic bowl",
            Total = new Money(590, "THB"),
            Buyer = new Contact { Id = "buyer-7" },
            Seller = new Contact
            {
                Id = $"seller-{number}",
                Email = $"seller-{number}@example.com",
                PushTokens = [$"phone-{number}"],
            },
        };
}
