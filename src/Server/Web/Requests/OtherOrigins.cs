using Llama.Server.Web.Settings;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace Llama.Server.Web.Requests;

/// <summary>Lets web pages of the origins in a program's settings call and read what they are told.</summary>
internal static class OtherOrigins
{
    private static readonly TimeSpan PreflightHolds = TimeSpan.FromMinutes(10);

    private static readonly string[] Readable = ["x-request-id", "Retry-After", "retry-after-ms", "x-should-retry", .. LimitHeaderNames.All];

    /// <summary>Registers the policy.</summary>
    public static void AddOtherOrigins<TSettings>(this IServiceCollection services)
        where TSettings : class, IProgramSettings
    {
        services.AddCors();
        services.AddOptions<CorsOptions>().Configure<IOptions<TSettings>>((cors, settings) => cors.AddDefaultPolicy(Policy(settings.Value.Cors.Origins)));
    }

    /// <summary>Answers preflights and marks answers, where there are origins to do it for.</summary>
    public static WebApplication UseOtherOrigins<TSettings>(this WebApplication app)
        where TSettings : class, IProgramSettings, new()
    {
        // Unchecked: the settings are checked when the host starts.
        if (app.Services.GetRequiredService<SettingsSection<TSettings>>().Read().Cors.Origins.Length > 0)
            app.UseCors();
        return app;
    }

    /// <summary>Any header may be sent: Authorization, and what OpenAI's clients say about themselves (x-stainless-…). Keys are no cookies, so no credentials are let in.</summary>
    private static CorsPolicy Policy(string[] origins)
    {
        CorsPolicyBuilder policy = new CorsPolicyBuilder().AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(Readable).SetPreflightMaxAge(PreflightHolds);
        return (origins.Contains("*") ? policy.AllowAnyOrigin() : policy.WithOrigins(origins)).Build();
    }
}
