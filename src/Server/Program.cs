using Llama.Server.Auth;
using Llama.Server.Chat;
using Llama.Server.CommandLine;
using Llama.Server.Completions;
using Llama.Server.Configuration;
using Llama.Server.Embeddings;
using Llama.Server.Errors;
using Llama.Server.Health;
using Llama.Server.Hosting;
using Llama.Server.Models;
using Llama.Server.Responses;
using Llama.Server.Streaming;
using Llama.Server.Swagger;
using Llama.Server.Telemetry;
using Llama.Server.Tokenization;

if (Verbs.TryAnswer(args, Console.Out, Console.Error, out int exitCode))
    return exitCode;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddSettings();
builder.AddLogging();
builder.Services.AddEngine();
builder.Services.AddGenerating();
builder.Services.AddResponses();
builder.Services.AddApiKeys();
builder.Services.AddApiErrors();
builder.Services.AddServerHealth();
builder.Services.AddServerMetrics();
builder.Services.AddApiDescription();

WebApplication app = builder.Build();
app.UseRequestIds();
app.UseRequestLog();
app.UseApiErrors();
app.UseHeadAsGet();
app.UseApiDescription();
app.UseRouting();
app.UseApiKeys();
app.MapChat();
app.MapCompletions();
app.MapEmbeddings();
app.MapResponses();
app.MapModels();
app.MapTokenization();
app.MapHealth();
app.MapMetrics();
return await app.RunToExitCodeAsync();
