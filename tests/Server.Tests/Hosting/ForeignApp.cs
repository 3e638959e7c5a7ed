using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama.Scheduling;
using Llama.Server.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Llama.Server.Tests.Hosting;

/// <summary>Somebody else's application, with ways of its own, that hosts the engine.</summary>
internal sealed class ForeignApp : IAsyncDisposable
{
    public const string ErrorPage = "Sorry, says the application.";

    /// <summary>Header by which a caller says who it is; the application's only authentication.</summary>
    public const string User = "X-User";

    private readonly WebApplicationBuilder _builder;

    public ForeignApp(TestModel model, Action<LlamaOptions>? configure = null)
    {
        _builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = Directory.GetCurrentDirectory() });
        _builder.Logging.ClearProviders();
        _builder.WebHost.UseTestServer();
        _builder.AddLlama(llama =>
        {
            llama.Settings["Model:Path"] = TestModel.Folder;
            llama.Settings["Model:Name"] = TestModel.Name;
            configure?.Invoke(llama);
        });
        _builder.Services.Replace(ServiceDescriptor.Singleton<LoadModel>(model.Load));
        _builder.Services.AddLlamaChatClient();
        _builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.KebabCaseUpper);
        _builder.Services.AddAuthentication("by header").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("by header", null);
        _builder.Services.AddAuthorizationBuilder().AddPolicy("staff", policy => policy.RequireClaim("staff"));
    }

    /// <summary>Before <see cref="StartAsync"/>.</summary>
    public WebApplicationBuilder Builder => _builder;

    public WebApplication App { get; private set; } = null!;

    public Engine Engine => App.Services.GetRequiredService<EngineHost>().Engine!;

    public IChatClient Chat => App.Services.GetRequiredService<IChatClient>();

    /// <summary>Builds and starts the application, without waiting for the model; the engine is mapped by <paramref name="map"/>, else under <c>/llm</c>.</summary>
    public async Task<HttpClient> StartAsync(Action<WebApplication>? map = null)
    {
        App = _builder.Build();
        App.UseExceptionHandler(errors => errors.Run(context => context.Response.WriteAsync(ErrorPage)));
        App.UseStatusCodePages("text/plain", "{0}, says the application.");
        App.Use(BreakBody);
        App.UseAuthentication();
        App.UseAuthorization();
        App.MapGet("/mine", () => new { FirstName = "Ada" });
        App.MapPost("/mine", async (HttpRequest request) => (await new StreamReader(request.Body).ReadToEndAsync()).Length);
        App.MapGet("/mine/broken", string () => throw new InvalidOperationException("secret"));
        (map ?? (app => app.MapOpenAI("/llm")))(App);
        await App.StartAsync();
        HttpClient client = App.Services.GetRequiredService<IServer>() is TestServer server
            ? server.CreateClient()
            : new HttpClient { BaseAddress = new Uri(App.Urls.Single()) };
        client.Timeout = Timeout.InfiniteTimeSpan;
        return client;
    }

    /// <summary>As <see cref="StartAsync"/>, and the model is ready.</summary>
    public async Task<HttpClient> StartReadyAsync(Action<WebApplication>? map = null)
    {
        HttpClient client = await StartAsync(map);
        await App.Services.GetRequiredService<EngineHost>().Settled;
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
    }

    /// <summary>Lets a test have a route throw what no route expects.</summary>
    private static Task BreakBody(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers.ContainsKey("X-Broken"))
            context.Request.Body = new BrokenStream();
        return next(context);
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException("secret");
    }

    private sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            string user = Request.Headers[User].ToString();
            if (user.Length == 0)
                return Task.FromResult(AuthenticateResult.NoResult());
            var identity = new ClaimsIdentity([new Claim(user, "yes")], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }
    }
}
