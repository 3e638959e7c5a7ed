using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Llama.Server.Web.Hosting;

/// <summary>
/// Serves renewed certificates to new connections. The web server's own way to notice them closes the listener, with every stream on it, does not see the links of mounted secrets turn, and
/// does nothing for addresses of <c>--urls</c>. Looks at the files every two seconds.
/// </summary>
internal sealed partial class CertificateWatch : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, CertificateFile> _ofEndpoints = [];
    private readonly CertificateFile? _general;
    private readonly TimeProvider _clock;
    private readonly ILogger<CertificateWatch> _logger;

    public CertificateWatch(IConfiguration settings, IHostEnvironment environment, TimeProvider clock, ILogger<CertificateWatch> logger)
    {
        (_clock, _logger) = (clock, logger);
        IConfigurationSection kestrel = settings.GetSection("Kestrel");
        _general = Of(kestrel.GetSection("Certificates:Default"), environment.ContentRootPath);
        foreach (IConfigurationSection endpoint in kestrel.GetSection("Endpoints").GetChildren())
        {
            if (Of(endpoint.GetSection("Certificate"), environment.ContentRootPath) is { } own)
                _ofEndpoints[endpoint.Key] = own;
        }
    }

    /// <summary>Has every connection shown the certificate of its address.</summary>
    public void Configure(KestrelServerOptions kestrel, IConfiguration settings)
    {
        KestrelConfigurationLoader endpoints = kestrel.Configure(settings.GetSection("Kestrel"), reloadOnChange: false);
        if (_general is { } general)
            kestrel.ConfigureHttpsDefaults(https => https.OnAuthenticate = (_, connection) => general.Show(connection));
        foreach ((string name, CertificateFile own) in _ofEndpoints)
            endpoints.Endpoint(name, endpoint => endpoint.HttpsOptions.OnAuthenticate = (_, connection) => own.Show(connection));
    }

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        CertificateFile[] files = [.. _ofEndpoints.Values, .. _general is null ? (CertificateFile[])[] : [_general]];
        if (files.Length == 0)
            return;
        using var timer = new PeriodicTimer(Interval, _clock);
        while (await timer.WaitForNextTickAsync(stopping))
            Array.ForEach(files, Refresh);
    }

    private void Refresh(CertificateFile file)
    {
        if (!file.TryRefresh(out string? fault))
            return;
        if (fault is null)
            Log.Renewed(_logger, file.Path, file.ValidUntil);
        else
            Log.Broken(_logger, fault);
    }

    private static CertificateFile? Of(IConfigurationSection section, string contentRoot) => section["Path"] is { Length: > 0 } ? new CertificateFile(section, contentRoot) : null;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Certificate read anew: {Path}, valid until {Until}")]
        public static partial void Renewed(ILogger logger, string path, DateTime? until);

        [LoggerMessage(LogLevel.Warning, "Certificate not read anew, the one of before stays: {Fault}")]
        public static partial void Broken(ILogger logger, string fault);
    }
}
