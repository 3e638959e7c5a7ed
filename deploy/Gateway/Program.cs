using Llama.Gateway.Hosting;
using Llama.Server.Web.Hosting;

RedirectedOutput.WriteUtf8();
if (WorkingFolder.IsGone(Console.Error))
    return 1;

if (GatewayHelp.TryAnswer(args, Console.Out, Console.Error) is int exitCode)
    return exitCode;

if (args is ["health", .. var address])
    return ProgramBuilder.TryBuild(() => ProgramBuilder.Create(address), Console.Error) is { } probe ? await HealthProbe.RunAsync(probe.Configuration, Console.Out) : 1;

if (ProgramBuilder.TryBuild(() => GatewayApp.Build(args), Console.Error) is not { } app)
    return 1;
return await app.RunToExitCodeAsync(hasFailed: () => false, map: () => GatewayApp.Map(app));
