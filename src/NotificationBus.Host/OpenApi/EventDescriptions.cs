using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using NotificationBus.Host.Http;
using NotificationBus.Intake;

namespace NotificationBus.Host.OpenApi;

/// <summary>Describes each event as an address of its own, with the body that is its own: one route takes them all.</summary>
sealed class EventDescriptions(IEnumerable<IEventMap> maps) : IApiDescriptionProvider
{
    /// <summary>After the framework has described the routes.</summary>
    public int Order => int.MaxValue;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        // What there is to divide comes from the others.
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
        if (context.Results.FirstOrDefault(route => $"/{route.RelativePath}" == EventsApi.Path) is not { } any)
            return;

        context.Results.Remove(any);
        foreach (var map in maps)
            context.Results.Add(Of(map, any));
    }

    static ApiDescription Of(IEventMap map, ApiDescription any)
    {
        var description = new ApiDescription
        {
            ActionDescriptor = any.ActionDescriptor,
            GroupName = any.GroupName,
            HttpMethod = any.HttpMethod,
            RelativePath = EventsApi.Path[1..].Replace("{name}", map.Name, StringComparison.Ordinal),
            ParameterDescriptions =
            {
                new ApiParameterDescription
                {
                    Name = "event",
                    Type = map.EventType,
                    Source = BindingSource.Body,
                    IsRequired = true,
                },
            },
        };
        foreach (var answer in any.SupportedResponseTypes)
            description.SupportedResponseTypes.Add(answer);
        description.SetProperty(map);
        return description;
    }
}
