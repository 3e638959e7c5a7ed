using System.Runtime.InteropServices;
using Llama.Scheduling;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Health;
using Llama.Server.Hosting;
using Llama.Server.Json;
using Llama.Server.Limits;
using Llama.Server.Routing;
using Llama.Server.Swagger;
using Llama.Server.Watching;
using Llama.Server.Web.Errors;
using Microsoft.Extensions.Options;

namespace Llama.Server.Admin;

/// <summary>What those who run the server see and do, and the registration of all that has to do with it.</summary>
internal static class AdminEndpoints
{
    public static IServiceCollection AddAdmin(this IServiceCollection services) => services.AddSingleton<LiveRequests>().AddSingleton<AdminLog>();

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder admin = routes.MapGroup("").WithTags("Admin").WithMetadata(new AdminRoute());
        admin.MapGet("/server", DescribeAsync).WithSummary("What runs here: build, model, counts").Answers<ServerDescription>();
        admin.MapGet("/config", ConfigureAsync).WithSummary("The settings in effect and where each came from; no secrets").Answers<EffectiveSettingList>();
        admin.MapGet("/requests", ListAsync).WithSummary("The requests under way: counts and times, never text").Answers<RequestList>();
        admin.MapPost("/requests/{id}/abort", AbortAsync).WithSummary("Aborts a request; its caller is told so").Answers<AdminAnswer>();
        admin.MapPost("/drain", DrainAsync).WithSummary("Refuses new requests and lets the running ones end").Answers<AdminAnswer>();
        admin.MapPost("/undrain", UndrainAsync).WithSummary("Takes new requests again").Answers<AdminAnswer>();
        admin.MapPost("/keys/reload", ReloadAsync).WithSummary("Reads the file of keys now").Answers<AdminAnswer>();
    }

    private static Task DescribeAsync(
        HttpContext context, EngineHost host, ModelIdentity identity, Heartbeat heart, RedisPresence shared, IOptions<RateLimitsSettings> limits)
    {
        EngineSnapshot? counts = host.Checkpoint is null ? null : host.Engine?.Snapshot;
        var server = new ServerDescription(
            ServerVersion.Full,
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}",
            identity.Created.ToUnixTimeSeconds(),
            heart.Status,
            identity.Name,
            identity.Folder,
            host.Description is { } loaded ? new LoadedDescription(loaded.Model, loaded.Device, loaded.Dtype, loaded.KvCache, loaded.Memory) : null,
            counts is null ? null : EngineCounts.Of(counts),
            limits.Value.Redis.Length > 0 ? shared.IsShared : null);
        return context.Response.WriteAsJsonAsync(server, ApiJson.Web.ServerDescription);
    }

    private static Task ConfigureAsync(HttpContext context, IConfiguration configuration, LlamaOptions options) =>
        context.Response.WriteAsJsonAsync(new EffectiveSettingList("list", [.. new EffectiveSettings(configuration, options).All]), ApiJson.Web.EffectiveSettingList);

    private static Task ListAsync(HttpContext context, LiveRequests live) =>
        context.Response.WriteAsJsonAsync(new RequestList("list", [.. live.All.Select(request => View(request, live.AgeOf(request)))]), ApiJson.Web.RequestList);

    private static RequestView View(LiveRequest request, TimeSpan age)
    {
        LiveProgress progress = request.Progress();
        string state = progress.IsWaiting ? "waiting" : "running";
        return new RequestView(request.Id, request.Key, request.Route, request.Model, state, progress.PromptTokens, progress.CompletionTokens, Math.Round(age.TotalSeconds, 3));
    }

    private static Task AbortAsync(HttpContext context, string id, LiveRequests live, Heartbeat heart, AdminLog log)
    {
        int count = live.Abort(id);
        if (count == 0)
            return ErrorResponse.WriteAsync(context, ApiError.NoSuchRequest(id)); // without a line in the log, into which such an id might bring others
        log.Aborted(AdminLog.Who(context), id, count);
        return AnswerAsync(context, heart, $"Aborted {id}.");
    }

    private static Task DrainAsync(HttpContext context, EngineHost host, Heartbeat heart, AdminLog log)
    {
        host.IsDrained = true;
        log.Drained(AdminLog.Who(context));
        return AnswerAsync(context, heart, "New requests are refused until /undrain; /requests shows those that are left.");
    }

    private static Task UndrainAsync(HttpContext context, EngineHost host, Heartbeat heart, AdminLog log)
    {
        host.IsDrained = false;
        log.Undrained(AdminLog.Who(context));
        return AnswerAsync(context, heart, "New requests are taken.");
    }

    private static Task ReloadAsync(HttpContext context, ApiKeys keys, Heartbeat heart, AdminLog log)
    {
        log.Reloading(AdminLog.Who(context));
        if (!keys.HasFile)
            return ErrorResponse.WriteAsync(context, ApiError.InvalidValue(null, "There is no file of keys (Auth:KeysFile); keys of the settings are read at start only."));
        return keys.Reload(isAsked: true) is { Count: > 0 } faults
            ? ErrorResponse.WriteAsync(context, ApiError.InvalidValue(null, $"The keys of before stay: {string.Join(' ', faults)}"))
            : AnswerAsync(context, heart, $"Keys read anew: {string.Join(", ", keys.All.Select(key => key.Name))}.");
    }

    private static Task AnswerAsync(HttpContext context, Heartbeat heart, string message) =>
        context.Response.WriteAsJsonAsync(new AdminAnswer(heart.Status, message), ApiJson.Web.AdminAnswer);
}
