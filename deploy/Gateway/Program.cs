using Llama.Gateway.Hosting;
using Llama.Server.Hosting;

if (GatewayHelp.TryAnswer(args, Console.Out, Console.Error) is int exitCode)
    return exitCode;

WebApplication app = GatewayApp.Build(args);
return await app.RunToExitCodeAsync(hasFailed: () => false, map: () => GatewayApp.Map(app));
