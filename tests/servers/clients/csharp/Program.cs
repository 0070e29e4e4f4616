// A program that knows the API by the client that Kiota has made of its description, and by nothing else.
using System.Net.Http.Headers;
using System.Text.Json;
using Generated.NotificationBus;
using Generated.NotificationBus.Models;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Http.HttpClientLibrary;

var (url, key) = (args[0], args[1]);
using var http = KiotaClientFactory.Create();

// Kiota's own providers of keys ask for https, and this host is on the same machine.
http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
using var adapter = new HttpClientRequestAdapter(new AnonymousAuthenticationProvider(), httpClient: http) { BaseUrl = url };
var api = new NotificationBusApi(adapter);

var sent = await api.V1.Notifications.PostAsync(
    new NotificationRequested
    {
        EventId = "generated-csharp",
        Category = "announcement",
        Recipient = new Contact { Id = "reader-cs", Email = "cs@example.com" },
        Data = new Generated.NotificationBus.Models.JsonElement
        {
            AdditionalData = new Dictionary<string, object> { ["title"] = "Hello", ["text"] = "From C#." },
        },
    }
);
var id = sent!.Id!.Value;
string? status;
do
{
    await Task.Delay(100);
    var found = await api.V1.Notifications[id].GetAsync();
    status = found?.NotificationView?.Status ?? found?.AcceptedNotification?.Status;
} while (status is "accepted" or "sending");

var listed = await api.V1.Notifications.GetAsync(request => request.QueryParameters.EventId = "generated-csharp");
Console.WriteLine(
    JsonSerializer.Serialize(
        new
        {
            id,
            status,
            listed = listed!.Notifications!.Select(one => one.Id),
        }
    )
);
