using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using NotificationBus.Host.Http;
using NotificationBus.Intake;

namespace NotificationBus.Host.OpenApi;

/// <summary>Describes each event as an address of its own, with the body that is its own: one route takes them all.</summary>
sealed class EventDescriptions(IEnumerable<IEventMap> maps, IEnumerable<IWithdrawalMap> withdrawals) : IApiDescriptionProvider
{
    /// <summary>After the framework has described the routes.</summary>
    public int Order => int.MaxValue;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        // What there is to divide comes from the others.
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
        Divide(EventsApi.Path, isBatch: false);
        Divide(BatchApi.EventsPath, isBatch: true);

        void Divide(string path, bool isBatch)
        {
            if (context.Results.FirstOrDefault(route => $"/{route.RelativePath}" == path) is not { } any)
                return;

            context.Results.Remove(any);
            foreach (
                var (name, type) in maps.Select(map => (map.Name, map.EventType))
                    .Concat(withdrawals.Select(map => (map.Name, map.EventType)))
            )
                context.Results.Add(Of(new DescribedEvent(name, type, isBatch), any, path));
        }
    }

    static ApiDescription Of(DescribedEvent contract, ApiDescription any, string path)
    {
        var description = new ApiDescription
        {
            ActionDescriptor = any.ActionDescriptor,
            GroupName = any.GroupName,
            HttpMethod = any.HttpMethod,
            RelativePath = path[1..].Replace("{name}", contract.Name, StringComparison.Ordinal),
            ParameterDescriptions =
            {
                new ApiParameterDescription
                {
                    Name = contract.IsBatch ? "events" : "event",
                    Type = contract.IsBatch ? contract.Type.MakeArrayType() : contract.Type,
                    Source = BindingSource.Body,
                    IsRequired = true,
                },
            },
        };
        foreach (var answer in any.SupportedResponseTypes)
            description.SupportedResponseTypes.Add(answer);
        description.SetProperty(contract);
        return description;
    }
}

/// <summary>An event that is described.</summary>
/// <param name="Name">Its name, such as <c>order-placed</c>.</param>
/// <param name="Type">The contract.</param>
/// <param name="IsBatch">True for many of them.</param>
sealed record DescribedEvent(string Name, Type Type, bool IsBatch)
{
    /// <summary>The name of the operation in generated clients, such as <c>postOrderPlaced</c>.</summary>
    public string OperationId => $"post{Type.Name}{(IsBatch ? BatchSuffix : "")}";

    /// <summary>What the name of an operation that takes many ends with.</summary>
    public const string BatchSuffix = "Batch";
}
