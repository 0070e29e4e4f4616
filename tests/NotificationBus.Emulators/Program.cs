using System.CommandLine;
using NotificationBus.Emulators;

var port = new Option<int>("--port") { Description = "Where the switches and the vendors are", DefaultValueFactory = _ => 9090 };
var http2Port = new Option<int?>("--http2-port") { Description = "Where APNs is, over HTTP/2 without TLS; default the port after --port" };
var seed = new Option<int>("--seed")
{
    Description = "Where chance begins: the same requests in the same order meet the same faults",
    DefaultValueFactory = _ => 1,
};
var root = new RootCommand(
    "Plays the vendors on this machine: takes what they take, answers as they answer, and fails as it is told to, over HTTP, "
        + "while it runs. See tests/NotificationBus.Emulators/README.md."
)
{
    port,
    http2Port,
    seed,
};

root.SetAction(
    async (parsed, cancellationToken) =>
    {
        Emulator emulator;
        try
        {
            emulator = await Emulator.Start(
                parsed.GetValue(port),
                parsed.GetValue(http2Port) ?? parsed.GetValue(port) + 1,
                parsed.GetValue(seed)
            );
        }
        catch (IOException taken)
        {
            await Console.Error.WriteLineAsync(taken.Message);
            return 1;
        }

        await using (emulator)
        {
            Console.WriteLine($"What was received, and the switches: {emulator.Url}_emulator");
            foreach (var emulated in emulator.Vendors)
                Console.WriteLine($"{emulated.Vendor.Name, -14} {emulator.UrlOf(emulated.Vendor)}");
            await emulator.WaitForShutdown(cancellationToken);
        }

        return 0;
    }
);
return await root.Parse(args).InvokeAsync();
