using System.Text;
using Llama.Server.Configuration;
using Llama.Server.Web.Settings;

namespace Llama.Server.Auth;

/// <summary>A file of keys: <c>{"ApiKeys": […]}</c>, the list as in the settings.</summary>
internal sealed class KeysFile
{
    private const string Shape = """{"ApiKeys": [{"Name": "…", "Hash": "sha256:…"}]}.""";

    public KeyEntry[] ApiKeys { get; set; } = [];

    /// <summary>Where it lies: looked for in the current directory, then beside the application's files.</summary>
    public static string Find(string path, string contentRoot)
    {
        string meant = HomePath.Of(path);
        return File.Exists(meant) ? Path.GetFullPath(meant) : Path.GetFullPath(meant, contentRoot);
    }

    /// <summary>What stands in a file, or why it cannot be read.</summary>
    public static KeysText Text(string path)
    {
        try
        {
            return new(File.ReadAllText(path), "");
        }
        catch (Exception exception) when (UnreadFile.Is(exception))
        {
            return new(null, UnreadFile.Why(path, exception));
        }
    }

    /// <summary>The file's keys with their places, as far as they can be read.</summary>
    /// <param name="path">Where it lies, for messages.</param>
    /// <param name="text">What stands in it.</param>
    /// <param name="faults">Takes what is wrong with the file; what is wrong with a key is for <see cref="KeyRing.Read"/>.</param>
    public static IEnumerable<(string Place, KeyEntry Entry)> Read(string path, KeysText text, ICollection<string> faults)
    {
        string place = $"Auth:KeysFile {path}";
        var file = new KeysFile();
        List<string> within = [];
        if (text.Json is null)
            faults.Add($"{place} cannot be read: {text.WhyNone}. It takes {Shape}");
        else if (TryParse(text.Json, out string problem) is { } json)
            SettingsBinder.Bind(json, file, within);
        else
            faults.Add($"{place} is not JSON as it should be: {problem} It takes {Shape}");
        foreach (string fault in within)
            faults.Add($"{place}: {fault}");
        return file.ApiKeys.Select((entry, i) => ($"{place}: ApiKeys:{i}", entry));
    }

    private static IConfigurationRoot? TryParse(string text, out string problem)
    {
        problem = "";
        try
        {
            return new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text))).Build();
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException or System.Text.Json.JsonException)
        {
            problem = (exception.InnerException ?? exception).Message;
            return null;
        }
    }
}
