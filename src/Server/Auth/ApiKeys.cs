using System.Collections.Concurrent;
using Llama.Server.Configuration;
using Llama.Server.Hosting;
using Llama.Server.Limits;
using Microsoft.Extensions.Options;

namespace Llama.Server.Auth;

/// <summary>The keys that may call: those of the settings, and those of a file that may change. Safe for concurrent use.</summary>
internal sealed partial class ApiKeys
{
    private readonly AuthSettings _settings;
    private readonly LimitRules _defaults;
    private readonly string _path;
    private readonly ModelIdentity _model;
    private readonly ILogger<ApiKeys> _logger;
    private readonly Lock _reloading = new();
    private readonly ConcurrentDictionary<string, int> _numbers = new(StringComparer.OrdinalIgnoreCase); // of names; they outlive the keys, as what a caller has stored does
    private volatile KeyRing _ring = KeyRing.Empty;
    private KeysText _fileText;

    public ApiKeys(IOptions<AuthSettings> settings, IOptions<RateLimitsSettings> limits, IHostEnvironment environment, ModelIdentity model, ILogger<ApiKeys> logger)
    {
        (_settings, _model, _logger) = (settings.Value, model, logger);
        _defaults = new LimitRules(limits.Value.RequestsPerMinute, limits.Value.TokensPerMinute, limits.Value.MaxConcurrent);
        _path = _settings.KeysFile.Length > 0 ? KeysFile.Find(_settings.KeysFile, environment.ContentRootPath) : "";
        _fileText = _path.Length > 0 ? KeysFile.Text(_path) : default;
        _ring = Read(_settings, _path, _fileText, _defaults, []); // the faults were told at start
        Number(_ring);
    }

    /// <summary>Whether none are asked for, so that anyone may call. A file that holds no key lets nobody call.</summary>
    public bool AreOpen => !_settings.IsClosed;

    /// <summary>Whether there is a file of keys.</summary>
    public bool HasFile => _path.Length > 0;

    public IReadOnlyList<ApiKey> All => _ring.Keys;

    /// <summary>Limits of those who have none of their own.</summary>
    public LimitRules Defaults => _defaults;

    /// <summary>Whose key it is; null when it is nobody's.</summary>
    public Caller? Find(string key) => _ring.Find(key) is { } known ? new Caller(_numbers[known.Name], known) : null;

    /// <summary>Reads the file again. One with a fault in it changes nothing.</summary>
    /// <param name="isAsked">Whether to tell of a file that is as it was.</param>
    /// <returns>What is wrong with it; none when the keys are now those of the file.</returns>
    public IReadOnlyList<string> Reload(bool isAsked)
    {
        lock (_reloading)
        {
            KeysText text = HasFile ? KeysFile.Text(_path) : default;
            if (!isAsked && text == _fileText)
                return [];
            _fileText = text;
            List<string> faults = [];
            KeyRing ring = Read(_settings, _path, text, _defaults, faults);
            if (faults.Count > 0)
            {
                Log.Broken(_logger, _ring.Keys.Count, string.Join(' ', faults));
                return faults;
            }
            Number(ring);
            _ring = ring;
            Log.Reloaded(_logger, ring.Keys.Count, string.Join(", ", ring.Keys.Select(key => key.Name)));
            WarnOfUseless();
            return [];
        }
    }

    /// <summary>Warns of keys that are for other models than the served one.</summary>
    public void WarnOfUseless()
    {
        foreach (ApiKey key in All.Where(key => key.Models.Count > 0 && !key.Models.Any(_model.IsCalled)))
            Log.Useless(_logger, key.Name, string.Join(", ", key.Models), string.Join(", ", _model.Names));
    }

    /// <summary>All keys of settings and file.</summary>
    /// <param name="settings">The section <c>Auth</c>.</param>
    /// <param name="path">The file; empty for none.</param>
    /// <param name="text">What was read of it.</param>
    /// <param name="defaults">Limits of keys that have none of their own.</param>
    /// <param name="faults">Takes what is wrong.</param>
    internal static KeyRing Read(AuthSettings settings, string path, KeysText text, LimitRules defaults, ICollection<string> faults)
    {
        IEnumerable<(string Place, KeyEntry Entry)> entries = settings.ApiKeys.Select((entry, i) => ($"Auth:ApiKeys:{i}", entry));
        KeyRing ring = KeyRing.Read(path.Length > 0 ? entries.Concat(KeysFile.Read(path, text, faults)) : entries, defaults, faults);
        if (KeyHash.Read(settings.AdminKey, out _) is { } admin && ring.Find(admin) is { } caller)
            faults.Add($"Auth:AdminKey is the key of '{caller.Name}' too, who could do all that an operator can; give operators one of their own.");
        return ring;
    }

    private void Number(KeyRing ring)
    {
        foreach (ApiKey key in ring.Keys)
            _numbers.TryAdd(key.Name, _numbers.Count + 1); // one writer at a time
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Keys read anew: {Count} ({Names})")]
        public static partial void Reloaded(ILogger logger, int count, string names);

        [LoggerMessage(LogLevel.Warning, "The key '{Name}' may use {Models}, of which this server has none: it serves {Served}")]
        public static partial void Useless(ILogger logger, string name, string models, string served);

        [LoggerMessage(LogLevel.Warning, "Keys not read anew, the {Count} of before stay: {Faults}")]
        public static partial void Broken(ILogger logger, int count, string faults);
    }
}
