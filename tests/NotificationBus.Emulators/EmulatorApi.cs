using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace NotificationBus.Emulators;

/// <summary><c>/_emulator</c>: what was received, and the switches.</summary>
static class EmulatorApi
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        // A switch that is misspelt would be one that is off.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void MapEmulator(this IEndpointRouteBuilder routes, Emulator emulator)
    {
        routes.MapGet("/", context => Show(context, emulator.Vendors.Select(vendor => Describe(emulator, vendor))));
        routes.MapGet("/_emulator", context => Show(context, emulator.Vendors.Select(vendor => Describe(emulator, vendor))));
        routes.MapGet("/_emulator/{vendor}", context => Of(context, emulator, vendor => Show(context, Describe(emulator, vendor))));
        routes.MapGet(
            "/_emulator/{vendor}/requests",
            context =>
                Of(
                    context,
                    emulator,
                    vendor =>
                        Show(
                            context,
                            vendor.Requests.Select(request => new
                            {
                                request.Number,
                                request.At,
                                request.Method,
                                request.Path,
                                request.Body,
                                request.Outcome,
                                request.Taken,
                            })
                        )
                )
        );
        routes.MapDelete(
            "/_emulator/{vendor}/requests",
            context =>
                Of(
                    context,
                    emulator,
                    vendor =>
                    {
                        vendor.Forget();
                        return Show(context, Describe(emulator, vendor));
                    }
                )
        );
        routes.MapGet("/_emulator/{vendor}/reports", context => Of(context, emulator, vendor => Show(context, vendor.Reports)));
        routes.MapGet("/_emulator/{vendor}/settings", context => Of(context, emulator, vendor => ShowSettings(context, emulator, vendor)));
        routes.MapPut(
            "/_emulator/{vendor}/faults",
            context =>
                Of(
                    context,
                    emulator,
                    async vendor =>
                    {
                        if (
                            await Read<List<Fault>>(
                                context,
                                faults => faults.Select(fault => fault.Refuse()).FirstOrDefault(wrong => wrong is not null)
                            )
                            is not { } faults
                        )
                            return;

                        vendor.Faults = faults;
                        await Show(context, Describe(emulator, vendor));
                    }
                )
        );
        routes.MapPut(
            "/_emulator/{vendor}/receipts",
            context =>
                Of(
                    context,
                    emulator,
                    async vendor =>
                    {
                        if (await Read<ReceiptPlan>(context, plan => plan.Refuse()) is not { } plan)
                            return;

                        vendor.Receipts = plan;
                        await Show(context, Describe(emulator, vendor));
                    }
                )
        );
        routes.MapDelete(
            "/_emulator/{vendor}/receipts",
            context =>
                Of(
                    context,
                    emulator,
                    vendor =>
                    {
                        vendor.Receipts = null;
                        return Show(context, Describe(emulator, vendor));
                    }
                )
        );
    }

    static object Describe(Emulator emulator, EmulatedVendor emulated) =>
        new
        {
            Vendor = emulated.Vendor.Name,
            Url = emulator.UrlOf(emulated.Vendor),
            emulated.Received,
            Taken = emulated.TakenCount,
            emulated.Faults,
            emulated.Receipts,
        };

    /// <summary>Lines that a shell reads: <c>. &lt;(curl -s …/settings)</c>.</summary>
    static Task ShowSettings(HttpContext context, Emulator emulator, EmulatedVendor emulated)
    {
        var name = emulated.Vendor.Name;
        var account = context.Request.Query["account"].ToString() is { Length: > 0 } asked
            ? asked
            : name.Replace("-", "", StringComparison.Ordinal);
        var lines = emulator
            .SettingsOf(name, account)
            .Select(setting =>
                $"export {setting.Key.Replace(":", "__", StringComparison.Ordinal)}="
                + $"'{setting.Value.Replace("'", @"'\''", StringComparison.Ordinal)}'\n"
            );
        return context.Response.WriteAsync(string.Concat(lines));
    }

    static Task Of(HttpContext context, Emulator emulator, Func<EmulatedVendor, Task> act) =>
        emulator.Find((string)context.Request.RouteValues["vendor"]!) is { } vendor
            ? act(vendor)
            : Problem(
                context,
                404,
                $"There is no such vendor; there are {string.Join(", ", emulator.Vendors.Select(emulated => emulated.Vendor.Name))}."
            );

    static async Task<T?> Read<T>(HttpContext context, Func<T, string?> refuse)
        where T : class
    {
        try
        {
            var value = await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted);
            var wrong = value is null ? "null says nothing" : refuse(value);
            if (wrong is null)
                return value;

            await Problem(context, 400, wrong);
        }
        catch (JsonException unreadable)
        {
            await Problem(context, 400, unreadable.Message);
        }

        return null;
    }

    static Task Show<T>(HttpContext context, T value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value, Json) + "\n")).AsTask();
    }

    static Task Problem(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync($"{text}\n");
    }
}
