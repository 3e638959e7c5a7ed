using Llama.Gateway.Hosting;
using Llama.Server.Health;
using Llama.Server.Hosting;

if (GatewayHelp.TryAnswer(args, Console.Out, Console.Error) is int exitCode)
    return exitCode;

if (args is ["health", .. var address])
    return await HealthProbe.RunAsync(GatewayApp.Builder(address).Configuration, Console.Out);

WebApplication app = GatewayApp.Build(args);
return await app.RunToExitCodeAsync(hasFailed: () => false, map: () => GatewayApp.Map(app));
