namespace Llama.Server.Web.Settings;

/// <summary>Names that the settings of a program may begin with, and what somebody may have meant who wrote another.</summary>
/// <param name="sections">The program's own sections.</param>
internal sealed class SettingNames(params (string Name, Type Type)[] sections)
{
    private static readonly string[] SectionsOfTheFramework = ["Kestrel", "Serilog"];

    /// <summary>What the host, its web server and the log read: sections and single words.</summary>
    private static readonly string[] OfTheFramework =
    [
        .. SectionsOfTheFramework, "AllowedHosts", "urls", "http_ports", "https_ports", "environment", "contentRoot", "webroot", "applicationName", "detailedErrors",
        "preferHostingUrls", "captureStartupErrors", "suppressStatusMessages", "preventHostingStartup", "hostingStartupAssemblies", "hostingStartupExcludeAssemblies", "startupAssembly", "staticWebAssets",
        "hostBuilder", "ForwardedHeaders_Enabled",
    ];

    /// <summary>Options of llama.cpp's server, of vLLM and of the framework for which there is a setting of another name.</summary>
    private static readonly (string Setting, string[] Options)[] OfPeers =
    [
        ("Serilog:MinimumLevel:Default", ["logging", "logginglogleveldefault"]), // the log is Serilog's
        ("Server:DrainSeconds", ["shutdowntimeoutseconds"]), // which the host's time follows
        ("Gateway:DrainSeconds", ["shutdowntimeoutseconds"]),
        ("urls", ["host", "port", "url", "p"]),
        ("Model:Path", ["m", "model", "modelpath"]),
        ("Model:Name", ["a", "alias", "servedmodelname"]),
        ("Model:ContextLength", ["c", "ctxsize", "maxmodellen"]),
        ("Model:Repack", ["rtr", "runtimerepack"]),
        ("Model:Threads", ["t"]),
        ("Model:Device", ["dev", "ngl", "gpulayers", "ngpulayers"]),
        ("Model:TensorParallel", ["tp", "tensorparallelsize"]),
        ("Model:Dtype", ["quantization"]),
        ("Model:KvDtype", ["ctk", "cachetypek", "kvcachedtype"]),
        ("Model:MemoryUtilization", ["gpumemoryutilization"]),
        ("Scheduler:MaxSequences", ["np", "parallel", "maxnumseqs"]),
        ("Scheduler:MaxBatchTokens", ["b", "batchsize", "maxnumbatchedtokens"]),
        ("Auth:ApiKeys:0", ["apikey"]),
        ("Auth:KeysFile", ["apikeyfile"]),
    ];

    /// <summary>The program's own sections.</summary>
    public string Sections => string.Join(", ", sections.Select(section => section.Name));

    /// <summary>Whether anything may read a key of the settings.</summary>
    public bool IsKnown(string key)
    {
        string first = key.Split(':')[0];
        return sections.Any(section => section.Name.Equals(first, StringComparison.OrdinalIgnoreCase))
            || OfTheFramework.Contains(first, StringComparer.OrdinalIgnoreCase)
            || first.StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is a section, which has settings and no value.</summary>
    public bool IsSection(string key) => sections.Any(section => section.Name.Equals(key, StringComparison.OrdinalIgnoreCase)) || SectionsOfTheFramework.Contains(key, StringComparer.OrdinalIgnoreCase);

    /// <summary>A setting that an unknown name may stand for; null where none comes to mind.</summary>
    public string? Meant(string name)
    {
        string bare = string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        IEnumerable<string> own =
            from section in sections
            from key in SettingsBinder.PropertiesOf(section.Type).Keys
            where bare.Equals(key, StringComparison.OrdinalIgnoreCase) || bare.Equals(section.Name + key, StringComparison.OrdinalIgnoreCase)
            select $"{section.Name}:{key}";
        return own.FirstOrDefault() ?? OfPeers.FirstOrDefault(peer => peer.Options.Contains(bare) && IsKnown(peer.Setting)).Setting;
    }
}
