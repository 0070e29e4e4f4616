using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard;

/// <summary>What a page leads to and is no page: a search as CSV, and the HTML of a mail for its frame.</summary>
static class ConsoleDownloads
{
    // An e-mail is a stranger's document: no script, no origin, nothing loaded, also when its address is opened by hand.
    const string MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox";

    // As many as a sheet is still of use with; further ones take another condition.
    const int MostRows = 10_000;

    public static void MapConsoleDownloads(this IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/notifications.csv", methods, Csv).ExcludeFromDescription();
        routes.MapMethods("/texts/html", methods, Preview).ExcludeFromDescription();
        routes
            .MapMethods(
                "/notifications/{id:guid}/deliveries/{deliveryId:guid}/html",
                methods,
                (Guid id, Guid deliveryId, HttpContext context, IApiGateway gateway) =>
                    Html($"/v1/notifications/{id}/deliveries/{deliveryId}/content", context, gateway)
            )
            .ExcludeFromDescription();
    }

    /// <summary>The HTML of a text as it would be sent, filled with data.</summary>
    static async Task<IResult> Preview(
        string? category,
        string? language,
        string? name,
        string? data,
        HttpContext context,
        IApiGateway gateway
    )
    {
        JsonElement filled;
        try
        {
            filled = JsonSerializer.Deserialize<JsonElement>(data ?? "{}");
        }
        catch (JsonException)
        {
            return Results.BadRequest();
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/templates/preview")
        {
            Content = JsonContent.Create(
                new
                {
                    category,
                    recipientName = name,
                    data = filled,
                }
            ),
        };
        using var answer = await gateway.Send(request, context.User, context.RequestAborted);
        if (!answer.IsSuccessStatusCode)
            return await Refused(answer, context.RequestAborted);

        var texts = (await answer.Content.ReadFromJsonAsync<TemplatePreview>(ApiClient.Json, context.RequestAborted))!.Texts;
        return Show(texts.Where(text => text.Language == language).SelectMany(text => text.Parts), context);
    }

    static IResult Show(IEnumerable<ContentPart> parts, HttpContext context)
    {
        if (parts.FirstOrDefault(part => part.Name == "html") is not { } html)
            return Results.NotFound();

        context.Response.Headers.ContentSecurityPolicy = MailPolicy;
        return Results.Content(html.Text, "text/html; charset=utf-8");
    }

    /// <summary>Shows the HTML of a text, and nothing it would bring along.</summary>
    static async Task<IResult> Html(string path, HttpContext context, IApiGateway gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var answer = await gateway.Send(request, context.User, context.RequestAborted);
        if (!answer.IsSuccessStatusCode)
            return await Refused(answer, context.RequestAborted);

        var content = await answer.Content.ReadFromJsonAsync<Content>(ApiClient.Json, context.RequestAborted);
        return Show(content?.Parts ?? [], context);
    }

    /// <summary>What the API has refused, with the reason that it gives.</summary>
    static async Task<IResult> Refused(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        Results.Content(
            await answer.Content.ReadAsStringAsync(cancellationToken),
            answer.Content.Headers.ContentType?.ToString(),
            contentEncoding: null,
            (int)answer.StatusCode
        );

    static async Task Csv(HttpContext context, IApiGateway gateway)
    {
        var (next, rows) = ((string?)$"/v1/notifications{context.Request.QueryString}", 0);
        while (next is not null && rows < MostRows)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, next);
            using var answer = await gateway.Send(request, context.User, context.RequestAborted);
            if (!answer.IsSuccessStatusCode)
            {
                if (rows == 0)
                    await (await Refused(answer, context.RequestAborted)).ExecuteAsync(context);
                else
                    context.Abort();
                return;
            }

            var page = (await answer.Content.ReadFromJsonAsync<NotificationPage>(ApiClient.Json, context.RequestAborted))!;
            if (!context.Response.HasStarted)
            {
                context.Response.ContentType = "text/csv; charset=utf-8";
                context.Response.Headers.ContentDisposition = "attachment; filename=notifications.csv";
                await context.Response.WriteAsync(
                    "id,status,category,event,event id,recipient,keys,channels,reason,began,ended\r\n",
                    context.RequestAborted
                );
            }

            foreach (var one in page.Notifications)
                await context.Response.WriteAsync(Line(one), context.RequestAborted);
            rows += page.Notifications.Count;
            next = page.Next;
        }
    }

    static string Line(NotificationSummary one) =>
        string.Join(
            ',',
            new[]
            {
                one.Id.ToString(),
                one.Status,
                one.Category,
                one.Event,
                one.EventId,
                one.Recipient,
                string.Join(' ', one.Keys.Select(key => $"{key.Key}:{key.Value}")),
                string.Join(' ', one.Channels),
                one.Reason,
                Words.Exact(one.CreatedAt),
                one.CompletedAt is { } at ? Words.Exact(at) : null,
            }.Select(Cell)
        ) + "\r\n";

    /// <summary>A cell. A sheet would take what begins so for a formula, and run it.</summary>
    internal static string Cell(string? value)
    {
        if (value is null)
            return "";

        var plain = value is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? $"'{value}" : value;
        return plain.IndexOfAny([',', '"', '\r', '\n']) < 0
            ? plain
            : new StringBuilder(plain).Replace("\"", "\"\"").Insert(0, '"').Append('"').ToString();
    }
}
