using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>send</c>: one event or request, or a file of many, each once however often it is repeated.</summary>
sealed class SendCommand(CommandOutput output)
{
    const string Requests = "v1/notifications";

    const int Together = 16;

    // So many are answered soon, and are far below what a body may be.
    const int InOneCall = 500;
    const int MostBytes = 4 * 1024 * 1024;

    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // Of what was refused; the file may have them all for the same reason.
    const int MostRefusalsShown = 20;

    readonly Argument<string> _file = new("file")
    {
        Description = "A JSON object, an array of them, or one in each line; - reads the standard input.",
    };

    readonly Option<string?> _event = new("--event")
    {
        Description = "The event that it is, such as order-placed; without it, a request for a notification by category.",
        HelpName = "name",
    };

    readonly Option<int?> _wait = new("--wait") { Description = "Waits so many seconds for the outcome, 0 to 30.", HelpName = "seconds" };
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("send", "Sends what a file says; the same file of many again sends only what was not taken.")
        {
            _file,
            _event,
            _wait,
            _json,
        };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var file = await EventFile.Read(parsed.GetRequiredValue(_file), cancellationToken);
        var path = parsed.GetValue(_event) is { } name ? $"v1/events/{Uri.EscapeDataString(name)}" : Requests;
        var prefer = parsed.GetValue(_wait) is { } seconds ? string.Create(CultureInfo.InvariantCulture, $"wait={seconds}") : null;
        if (!file.IsOne)
            return await SendMany(api, path, file.Items, prefer, parsed.GetValue(_json), cancellationToken);

        var answer = await api.PostPatiently(path, file.Items[0].Body, prefer, cancellationToken);
        IReadOnlyList<JsonNode> notifications = answer["notifications"] is JsonArray ? [.. answer.Items("notifications")] : [answer];
        if (parsed.GetValue(_json))
        {
            await output.Json(answer);
        }
        else
        {
            foreach (var notification in notifications)
            {
                await output.Line($"{notification.Text("status")}  {notification.Text("id")}");
                if (notification.Text("note") is { } note)
                    await output.Remark(note);
            }

            if (notifications is [var first, ..])
                await output.Remark($"'explain {first.Text("id")}' tells what becomes of it");
        }

        return notifications.Any(notification => notification.Text("status") is "failed" or "expired" or "cancelled")
            ? ExitCode.NotThere
            : ExitCode.Done;
    }

    async Task<int> SendMany(
        HostApi api,
        string path,
        IReadOnlyList<EventItem> items,
        string? prefer,
        bool isJson,
        CancellationToken cancellationToken
    )
    {
        var results = new JsonObject?[items.Count];
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        CommandException? noAnswer = null;
        try
        {
            await output.Progress(
                "sending",
                items.Count,
                done => prefer is null ? SendTogether(done) : SendEach([.. Enumerable.Range(0, items.Count)], done)
            );
        }
        catch (OperationCanceledException)
        {
            // What was taken is told, whatever ended it.
        }

        await Tell(results, isJson);
        if (noAnswer is not null)
            throw new CommandException(noAnswer.ExitCode, $"{noAnswer.Message}{Environment.NewLine}The same file again sends the rest.");
        return results.All(result => result?["answer"] is not null) ? ExitCode.Done
            : cancellationToken.IsCancellationRequested ? ExitCode.NoAnswer
            : ExitCode.Wrong;

        async Task SendTogether(Action done)
        {
            try
            {
                foreach (var some in Calls(items))
                    await SendSome(some, done);
            }
            catch (CommandException exception)
            {
                noAnswer = exception;
            }
        }

        // What the host has no room for is sent again; what is wrong with the call as a whole is found out one by one.
        async Task SendSome(IReadOnlyList<int> some, Action done)
        {
            var began = Stopwatch.GetTimestamp();
            for (var pause = FirstPause; some.Count > 0; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                JsonObject answer;
                try
                {
                    answer = await api.PostPatiently($"{path}/batch", Body(items, some), prefer: null, cancellationToken);
                }
                catch (CommandException refusal) when (refusal.ExitCode == ExitCode.Wrong)
                {
                    await SendEach(some, done);
                    return;
                }

                var again = new List<int>();
                string? busy = null;
                foreach (var (item, index) in answer.Items("items").Zip(some))
                {
                    var error = item["problem"] is { } problem ? ProblemText.Of(problem.ToJsonString()) ?? "it was refused" : null;
                    if (error is not null && item["status"]?.GetValue<int>() is 408 or 429 or >= 500)
                    {
                        busy = error;
                        again.Add(index);
                        continue;
                    }

                    results[index] = Result(items[index], error, item["notification"]?.DeepClone());
                    done();
                }

                some = again;
                if (some.Count == 0)
                    return;
                if (Stopwatch.GetElapsedTime(began) > Patience)
                    throw new CommandException(ExitCode.NoAnswer, busy!);

                await Task.Delay(pause, TimeProvider.System, cancellationToken);
            }
        }

        JsonObject Result(EventItem item, string? error, JsonNode? notification)
        {
            var result = new JsonObject { ["eventId"] = item.EventId };
            if (error is not null)
                result["error"] = error;
            else if (path == Requests)
                result["answer"] = notification;
            else
                result["answer"] = new JsonObject { ["notifications"] = notification is null ? [] : new JsonArray(notification) };
            return result;
        }

        Task SendEach(IReadOnlyList<int> some, Action done) =>
            Parallel.ForEachAsync(
                some,
                new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = end.Token },
                async (index, _) =>
                {
                    try
                    {
                        // What is begun comes to its end, so that it is known whether it was taken.
                        results[index] = await SendOne(api, path, items[index], prefer, cancellationToken);
                        done();
                    }
                    catch (CommandException exception)
                    {
                        noAnswer = exception;
                        await end.CancelAsync();
                    }
                }
            );
    }

    /// <summary>The items in order, as many in one run as go into one call.</summary>
    static IEnumerable<IReadOnlyList<int>> Calls(IReadOnlyList<EventItem> items)
    {
        var call = new List<int>();
        var bytes = 0;
        foreach (var (index, item) in items.Index())
        {
            if (call.Count == InOneCall || (call.Count > 0 && bytes + item.Body.Length > MostBytes))
            {
                yield return call;
                (call, bytes) = ([], 0);
            }

            call.Add(index);
            bytes += item.Body.Length;
        }

        if (call.Count > 0)
            yield return call;
    }

    static byte[] Body(IReadOnlyList<EventItem> items, IReadOnlyList<int> some)
    {
        using var body = new MemoryStream();
        body.WriteByte((byte)'[');
        foreach (var index in some)
        {
            if (body.Length > 1)
                body.WriteByte((byte)',');
            body.Write(items[index].Body);
        }

        body.WriteByte((byte)']');
        return body.ToArray();
    }

    async Task Tell(JsonObject?[] results, bool isJson)
    {
        if (isJson)
        {
            foreach (var result in results.OfType<JsonObject>())
                await output.Json(result);
            return;
        }

        var refused = results.Index().Where(one => one.Item?["error"] is not null).ToList();
        var left = results.Count(result => result is null);
        await output.Line(
            $"{results.Length - refused.Count - left} taken, {refused.Count} refused{(left == 0 ? "" : $", {left} not sent")}"
        );
        foreach (var (index, result) in refused.Take(MostRefusalsShown))
            await output.Line($"item {index + 1}: {result!["error"]}");
        if (refused.Count > MostRefusalsShown)
            await output.Line("--json has the others");
    }

    /// <summary>One of many: what is refused is said in its place, and holds up no other.</summary>
    static async Task<JsonObject> SendOne(HostApi api, string path, EventItem item, string? prefer, CancellationToken cancellationToken)
    {
        var result = new JsonObject { ["eventId"] = item.EventId };
        try
        {
            result["answer"] = await api.PostPatiently(path, item.Body, prefer, cancellationToken);
        }
        catch (CommandException refusal) when (refusal.ExitCode == ExitCode.Wrong)
        {
            result["error"] = refusal.Message;
        }

        return result;
    }
}
