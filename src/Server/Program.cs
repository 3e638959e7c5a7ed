using System.Runtime.InteropServices;
using Llama.Server;
using Llama.Server.CommandLine;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Pages;
using Llama.Server.Routing;
using Llama.Server.Swagger;
using Llama.Server.Telemetry;
using Llama.Server.Web.Hosting;
using Llama.Server.Web.Logging;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;

RedirectedOutput.WriteUtf8();
ClosedStreams.Silence();
using PosixSignalRegistration writes = FileSizeLimit.FailWrites();
if (WorkingFolder.IsGone(Console.Error))
    return 1;
if (await Verbs.RunAsync(args, Console.Out, Console.Error) is int exitCode)
    return exitCode;

var arguments = new ServeArguments(args, ServerSections.Names);
if (ProgramBuilder.TryBuild(() => ProgramBuilder.Create(arguments.Settings), Console.Error) is not { } builder)
    return 1;

builder.AddLlama(llama => (llama.ConfigurationSection, llama.StopHostOnFailure) = ("", true));
builder.AddStandAlone(arguments.Faults);
builder.AddLogging("Server:LogFormat", TextRecorder.IsForLog(builder.Configuration["Server:RecordText"]) ? TextRecorder.Category : null);
builder.AddTelemetryExport();
builder.Services.AddApiDescription();

WebApplication app = builder.Build();
app.UseApiRequests();
app.UseApiDescription();
app.UseRouting();
app.UseOtherOrigins<ServerSettings>();
app.MapOpenAI();
app.MapLlamaHealth();
app.MapLlamaMetrics();
app.MapLlamaAdmin();
app.MapLlamaPages();
app.MapSiteFiles();
app.MapUnmatched("/{**path}");
return await app.RunToExitCodeAsync();

/// <summary>Internal, lest it clash with the <c>Program</c> of an application that hosts the engine.</summary>
internal sealed partial class Program;
