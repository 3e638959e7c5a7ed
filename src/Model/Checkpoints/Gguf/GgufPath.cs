using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Tells paths that mean a GGUF model from folders in Hugging Face layout, and finds all files of a model that was split.</summary>
internal static partial class GgufPath
{
    private const string Extension = ".gguf";

    /// <summary>The model's first file: the path itself, or what a folder without config.json holds; null when the path means something else.</summary>
    /// <exception cref="CheckpointException">The folder holds several models.</exception>
    public static string? Find(string path)
    {
        if (!Directory.Exists(path)) return path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? Parts(path)[0] : null;
        if (File.Exists(Path.Combine(path, "config.json"))) return null;
        string[] models = [.. Directory.GetFiles(path, "*" + Extension).Select(file => Parts(file)[0]).Distinct().Order(StringComparer.Ordinal)];
        if (models.Length <= 1) return models.SingleOrDefault();
        throw new CheckpointException(path, $"holds {models.Length} GGUF models ({string.Join(", ", models.Select(Path.GetFileName))}); name one of the files");
    }

    /// <summary>All files of a model, of which one is given, in their order.</summary>
    public static string[] Parts(string file)
    {
        Match part = PartName.Match(file);
        if (!part.Success) return [file];
        int count = int.Parse(part.Groups["count"].Value, CultureInfo.InvariantCulture);
        return [.. Enumerable.Range(1, Math.Max(count, 1)).Select(number => $"{part.Groups["name"].Value}-{number:D5}-of-{count:D5}{Extension}")];
    }

    // As llama.cpp's gguf-split names them.
    [GeneratedRegex("^(?<name>.*)-[0-9]{5}-of-(?<count>[0-9]{5})[.]gguf$")]
    private static partial Regex PartName { get; }
}
