using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama.Server.Tests.Bench;

/// <summary>A server on a real socket that goes wrong in the way that a prompt names.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TaskCompletionSource _hangs = new();

    private FakeServer(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    /// <summary>Body of the last request.</summary>
    public JsonNode? Last { get; private set; }

    /// <summary>Completes when a request hangs.</summary>
    public Task Hangs => _hangs.Task;

    public static async Task<FakeServer> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        FakeServer server = new(builder.Build());
        server._app.MapGet("/v1/models", () => Results.Text("""{"data":[{"id":"fake"}]}""", "application/json"));
        server._app.MapPost("/v1/completions", server.AnswerAsync);
        server._app.MapPost("/v1/chat/completions", server.AnswerAsync);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        JsonNode body = (await JsonNode.ParseAsync(context.Request.Body))!;
        Last = body; // of several at once any
        string prompt = (string)(body["prompt"] ?? body["messages"]!.AsArray()[^1]!["content"])!;
        HttpResponse response = context.Response;
        switch (prompt)
        {
            case "400":
                response.StatusCode = 400;
                await response.WriteAsync("""{"error":{"message":"Too long."}}""");
                return;
            case "503":
                response.StatusCode = 503;
                response.Headers.RetryAfter = "1";
                await response.WriteAsync("come again");
                return;
            case "503 for ever":
                response.StatusCode = 503;
                return;
        }
        if (prompt is "whole" or "200" or "foreign")
        {
            response.ContentType = "application/json";
            await response.WriteAsync(prompt switch
            {
                "200" => """{"error":{"message":"The quota is used up."}}""",
                "foreign" => """{"detail":"The quota is used up."}""",
                _ => """{"choices":[{"index":0,"message":{"content":"ab"},"finish_reason":"stop"}]}""",
            });
            return;
        }
        response.ContentType = "text/event-stream";
        await response.WriteAsync("data: {\"choices\":[{\"index\":0,\"text\":\"a\",\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n");
        await response.Body.FlushAsync();
        if (prompt == "hang")
        {
            _hangs.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (prompt == "abort") context.Abort();
        else await response.WriteAsync(prompt switch
        {
            "cut" => "",
            "control" => "data: {\"choices\":[{\"delta\":{\"content\":\"\\u001b[2J\\u009b31m\\r\\n\\tx\"}}]}\n\ndata: [DONE]\n\n",
            "error" => "data: {\"error\":{\"message\":\"It broke.\"}}\n\ndata: [DONE]\n\n",
            "error in words" => "data: {\"error\":\"It broke.\",\"error_type\":\"generation\"}\n\ndata: [DONE]\n\n",
            "two answers" => "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"x\"}},{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\n\ndata: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"y\"}}]}\n\ndata: [DONE]\n\n",
            "nulls" => "data: {\"choices\":[{\"index\":0,\"delta\":null}]}\n\ndata: {\"choices\":[{\"index\":null,\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n\n"
                + "data: {\"choices\":null,\"usage\":{\"prompt_tokens\":5.5,\"completion_tokens\":null,\"prompt_tokens_details\":{\"cached_tokens\":\"3\"}}}\n\ndata: [DONE]\n\n",
            _ => "data: {\"choices\":[{\"index\":0,\"text\":\"b\",\"delta\":{\"content\":\"b\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        });
    }
}
