using System.Text.RegularExpressions;
using Llama.Server.Auth;
using Llama.Server.Configuration;
using Llama.Server.Web.Errors;
using Llama.Server.Web.Settings;

namespace Llama.Server.Hosting;

/// <summary>Which checkpoint this server serves and by what names; known before it is loaded.</summary>
internal sealed partial class ModelIdentity
{
    public ModelIdentity(SettingsSection<ModelSettings> settings, IHostEnvironment environment, TimeProvider clock)
    {
        ModelSettings model = settings.Read(); // unchecked: the metrics are labelled with the name before the settings are checked
        ModelFolder.TryFind(model.Path, environment.ContentRootPath, AppContext.BaseDirectory, out string folder, out _);
        Folder = folder;
        Name = model.Name.Length > 0 ? model.Name : NameOf(folder);
        Created = clock.GetUtcNow();
        Names = [Name, .. model.Aliases.Where(alias => alias.Length > 0)];
    }

    /// <summary>The checkpoint's folder or GGUF file, absolute.</summary>
    public string Folder { get; }

    /// <summary>The id in answers.</summary>
    public string Name { get; }

    /// <summary>All ids that requests may call it by.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>When this server came to serve it.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>The folder's name, or the file's without what says that it is a GGUF file or a part of one.</summary>
    internal static string NameOf(string checkpoint) => GgufEnding.Replace(Path.GetFileName(Path.TrimEndingDirectorySeparator(checkpoint)), "");

    /// <summary>Whether requests may call it so.</summary>
    public bool IsCalled(string name) => Names.Contains(name, StringComparer.Ordinal);

    /// <summary>The id that a caller means who names none: the first that its key may call it by.</summary>
    public string NameFor(Caller? caller) => Names.FirstOrDefault(name => caller?.Check(name, priority: null) is null, Name);

    /// <summary>What is wrong with a request's <c>model</c>, or null.</summary>
    public ApiError? Check(string name) => IsCalled(name) ? null : ApiError.ModelNotFound(name);

    [GeneratedRegex("(-[0-9]{5}-of-[0-9]{5})?[.]gguf$", RegexOptions.IgnoreCase)]
    private static partial Regex GgufEnding { get; }
}
