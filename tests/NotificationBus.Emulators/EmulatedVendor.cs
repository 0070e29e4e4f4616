using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace NotificationBus.Emulators;

/// <summary>A vendor with its switches: what it received, and what goes wrong with what comes next.</summary>
sealed class EmulatedVendor(Vendor vendor, Random chance, TimeProvider clock, Reporter reporter)
{
    // Enough to look at; counted are all.
    const int MostRemembered = 10_000;

    readonly Lock _lock = new();
    readonly ConcurrentQueue<ReceivedRequest> _requests = new();
    readonly ConcurrentDictionary<string, Lazy<Taken>> _known = new(StringComparer.Ordinal);
    IReadOnlyList<(Fault Fault, int[] Left)> _faults = [];
    int _received;
    int _taken;

    /// <summary>The vendor.</summary>
    public Vendor Vendor => vendor;

    /// <summary>What goes wrong: the first fault that fits a request, after every latency that fits. Set as a whole.</summary>
    public IReadOnlyList<Fault> Faults
    {
        get => [.. _faults.Select(switched => switched.Fault)];
        set => _faults = [.. value.Select(fault => (fault, new[] { fault.Times ?? int.MaxValue }))];
    }

    /// <summary>What it reports of what it takes from now on; null for nothing.</summary>
    public ReceiptPlan? Receipts { get; set; }

    /// <summary>The last requests, in the order in which they were read.</summary>
    public IReadOnlyCollection<ReceivedRequest> Requests => _requests;

    /// <summary>How many requests it has read.</summary>
    public int Received => _received;

    /// <summary>How many deliveries it has taken. One that it knows already is not taken again.</summary>
    public int TakenCount => _taken;

    /// <summary>What it has reported, and what came of it.</summary>
    public IReadOnlyCollection<PostedReport> Reports => reporter.Of(vendor.Name);

    /// <summary>Forgets what it received. It still knows a repetition.</summary>
    public void Forget()
    {
        _requests.Clear();
        (_received, _taken) = (0, 0);
    }

    /// <summary>Reads a request, and answers it or does not.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Its path below the vendor's address.</param>
    public async Task Converse(HttpContext context, string path)
    {
        var request = await Read(context, path);
        _requests.Enqueue(request);
        while (_requests.Count > MostRemembered)
            _requests.TryDequeue(out _);

        if (vendor.Refuse(request) is { } refused)
        {
            request.Outcome = $"answered {refused.Status}";
            await Write(context, refused);
            return;
        }

        var faults = _faults.Where(switched => Fits(switched, request)).Select(switched => switched.Fault).ToList();
        foreach (var latency in faults.Where(fault => fault.Kind == FaultKind.Latency))
            await Task.Delay(TimeSpan.FromSeconds(latency.Seconds!.Value), clock, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        await (
            faults.Find(fault => fault.Kind != FaultKind.Latency) is { } fault ? Fail(context, request, fault) : Accept(context, request)
        );
    }

    Task Accept(HttpContext context, ReceivedRequest request)
    {
        var answer = Take(request);
        request.Outcome = $"answered {answer.Status}";
        return Write(context, answer);
    }

    async Task Fail(HttpContext context, ReceivedRequest request, Fault fault)
    {
        request.Outcome = $"{fault.Kind}";
        switch (fault.Kind)
        {
            case FaultKind.Throttle:
                await Write(context, vendor.Throttle(fault.RetryAfter, clock.GetUtcNow()));
                return;
            case FaultKind.Fail:
                var failure = vendor.Fail(fault.Status);
                await Write(
                    context,
                    failure with
                    {
                        Body = fault.Body ?? failure.Body,
                        Headers = [.. failure.Headers, .. fault.Headers.Select(header => (header.Key, header.Value))],
                    }
                );
                return;
            case FaultKind.Credentials:
                await Write(context, vendor.Deny());
                return;
        }

        Take(request);
        switch (fault.Kind)
        {
            case FaultKind.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            case FaultKind.Reset:
                context.Abort();
                return;
            case FaultKind.Malformed:
                await Write(context, new Answer(200, "<html><body>It works!</body></html>") { ContentType = "text/html" });
                return;
            default:
                throw new NotSupportedException($"Unknown fault {fault.Kind}");
        }
    }

    Answer Take(ReceivedRequest request)
    {
        if (vendor.KeyOf(request) is not { } key)
            return TakeNew(request).Answer;

        // Lazy: two with one key may come at once, and only one of them is taken.
        var mine = new Lazy<Taken>(() => TakeNew(request));
        var known = _known.GetOrAdd(key, mine);
        return known == mine ? known.Value.Answer : vendor.Repeat(known.Value);
    }

    Taken TakeNew(ReceivedRequest request)
    {
        request.Taken = true;
        Interlocked.Increment(ref _taken);
        var taken = vendor.Take(request);
        if (Receipts is { } plan)
            reporter.Begin(vendor, taken, plan);
        return taken;
    }

    bool Fits((Fault Fault, int[] Left) switched, ReceivedRequest request)
    {
        var (fault, left) = switched;
        if (
            fault.Marker is { } marker
            && !request.Path.Contains(marker, StringComparison.Ordinal)
            && !request.Body.Contains(marker, StringComparison.Ordinal)
        )
            return false;

        lock (_lock)
        {
            if (left[0] == 0 || chance.NextDouble() >= fault.Share)
                return false;

            left[0]--;
            return true;
        }
    }

    async Task<ReceivedRequest> Read(HttpContext context, string path)
    {
        using var body = new StreamReader(context.Request.Body, Encoding.UTF8);
        var text = await body.ReadToEndAsync(context.RequestAborted);
        var headers = context.Request.Headers.ToDictionary(
            header => header.Key,
            header => header.Value.ToString(),
            StringComparer.OrdinalIgnoreCase
        );
        return new ReceivedRequest(Interlocked.Increment(ref _received), clock.GetUtcNow(), context.Request.Method, path, headers, text);
    }

    static async Task Write(HttpContext context, Answer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
            response.Headers.Append(name, value);
        if (answer.Body.Length == 0)
            return;

        response.ContentType = answer.ContentType;
        await response.WriteAsync(answer.Body, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
