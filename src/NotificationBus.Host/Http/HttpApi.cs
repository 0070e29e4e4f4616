using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.HostFiltering;
using NotificationBus.Wiring;

namespace NotificationBus.Host.Http;

/// <summary>Registration of what the API needs.</summary>
static class HttpApi
{
    public static void AddHttpApi(this IServiceCollection services)
    {
        services.AddSingleton<RequestBodies>();
        services.AddGate<RequestBodies>();
        services.AddSingleton<UnknownCancellations>();
        services.AddSingleton<CountedWarnings>();
        services.AddSingleton<SubscriptionConfirmation>();
        services.AddSingleton<HostNames>();
        services.AddSingleton<CallLimits>();
        services.AddSingleton<InProcessCalls>();
        services.AddSingleton<IStartupFilter>(provider => provider.GetRequiredService<InProcessCalls>());
        // The framework would take every name until there is a setting, and then no other one.
        services.Configure<HostFilteringOptions>(hosts => hosts.AllowedHosts = ["*"]);
        services.AddHealthChecks().AddStoppingCheck();
        services.AddProblemSource<NotReady>();
        services.AddSingleton<PlannableChannels>();
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            // What is not known is not there, everywhere.
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower));
            // Answers are JSON and never part of a page: Thai stays Thai.
            options.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
    }
}
