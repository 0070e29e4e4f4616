using System.Text.Json;
using NotificationBus.Access;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Clients that others' tools make of docs/openapi.json: each compiles or loads, and with a key sends a notification, waits for its outcome
/// and finds it in the list. The tools are brought along by npm and NuGet.
/// </summary>
public sealed class When_a_client_is_generated
{
    const string Kiota = "1.38.0";
    const string KiotaRuntime = "2.1.6";

    static readonly string Description = Path.Combine(Repository.Root, "docs", "openapi.json");
    static readonly string Programs = Path.Combine(Repository.Root, "tests", "servers", "clients");

    [Fact]
    public async Task Should_send_in_TypeScript()
    {
        await BringAlong();
        using var folder = new TemporaryFolder();
        var work = Path.GetDirectoryName(folder.Write("package.json", """{ "type": "module" }"""))!;
        Directory.CreateSymbolicLink(Path.Combine(work, "node_modules"), Path.Combine(Programs, "node_modules"));
        foreach (var file in (string[])["client.ts", "tsconfig.json"])
            File.Copy(Path.Combine(Programs, file), Path.Combine(work, file));

        await ChildProcess.Run([Tool("openapi-typescript"), Description, "--output", Path.Combine(work, "schema.d.ts")]);
        await ChildProcess.Run([Tool("tsc"), "--project", Path.Combine(work, "tsconfig.json")]);

        await ShouldSend(["node", Path.Combine(work, "out", "client.js")]);
    }

    [Fact]
    public async Task Should_send_in_CSharp()
    {
        using var folder = new TemporaryFolder();
        var project = folder.Write("client.csproj", Project());
        var work = Path.GetDirectoryName(project)!;
        File.Copy(Path.Combine(Programs, "csharp", "Program.cs"), Path.Combine(work, "Program.cs"));

        var tools = Path.Combine(work, "tools");
        await ChildProcess.Run(["dotnet", "tool", "install", "Microsoft.OpenApi.Kiota", "--version", Kiota, "--tool-path", tools]);
        string[] generate = ["generate", "--language", "CSharp", "--openapi", Description, "--class-name", "NotificationBusApi"];
        string[] into = ["--namespace-name", "Generated.NotificationBus", "--output", Path.Combine(work, "Generated")];
        await ChildProcess.Run(
            [Path.Combine(tools, "kiota"), .. generate, .. into, "--exclude-backward-compatible"],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["KIOTA_CLI_TELEMETRY_OPTOUT"] = "true" }
        );
        await ChildProcess.Run(["dotnet", "build", project, "--output", Path.Combine(work, "out")]);

        await ShouldSend(["dotnet", Path.Combine(work, "out", "client.dll")]);
    }

    /// <summary>By a generator of 2020, which reads OpenAPI 3.0: there are many of its age in use.</summary>
    [Fact]
    public async Task Should_send_in_Python()
    {
        await BringAlong();
        using var folder = new TemporaryFolder();
        var older = folder.Write("openapi.json", "");
        var package = Path.Combine(Path.GetDirectoryName(older)!, "generated");

        await ChildProcess.Run(["node", Path.Combine(Programs, "older.mjs"), Description, older]);
        string[] names = ["--package-name", "notificationbus_api", "--output", package];
        await ChildProcess.Run([Tool("openapi-generator"), "generate", "--generator-name", "python", "--input-spec", older, .. names]);

        await ShouldSend(
            ["python3", Path.Combine(Programs, "client.py")],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["PYTHONPATH"] = package, ["PYTHONDONTWRITEBYTECODE"] = "1" }
        );
    }

    static async Task BringAlong()
    {
        if (!Directory.Exists(Path.Combine(Programs, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", Programs, "--no-audit", "--no-fund"]);
    }

    /// <summary>A host that runs embedded and asks for a key; what a generated client says of it is true.</summary>
    static async Task ShouldSend(IReadOnlyList<string> program, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var key = KeyText.New("first").Reveal();
        await using var host = await HostInProcess.Start(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Auth:Mode"] = "Keys", ["Auth:FirstKey"] = key }
        );

        var said = await ChildProcess.Run([.. program, $"{host.Client.BaseAddress}".TrimEnd('/'), key], environment);

        using var answer = JsonDocument.Parse(said.Split('\n').Single(line => line.StartsWith('{')));
        answer.RootElement.GetProperty("status").GetString().ShouldBe("delivered");
        var id = answer.RootElement.GetProperty("id").GetString();
        answer.RootElement.GetProperty("listed").EnumerateArray().ShouldHaveSingleItem().GetString().ShouldBe(id);
    }

    static string Tool(string name) => Path.Combine(Programs, "node_modules", ".bin", name);

    /// <summary>Outside the repository: what holds for its own projects does not hold for a stranger's.</summary>
    static string Project() =>
        $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.Kiota.Abstractions" Version="{KiotaRuntime}" />
                <PackageReference Include="Microsoft.Kiota.Http.HttpClientLibrary" Version="{KiotaRuntime}" />
                <PackageReference Include="Microsoft.Kiota.Serialization.Form" Version="{KiotaRuntime}" />
                <PackageReference Include="Microsoft.Kiota.Serialization.Json" Version="{KiotaRuntime}" />
                <PackageReference Include="Microsoft.Kiota.Serialization.Multipart" Version="{KiotaRuntime}" />
                <PackageReference Include="Microsoft.Kiota.Serialization.Text" Version="{KiotaRuntime}" />
              </ItemGroup>
            </Project>
            """;
}
