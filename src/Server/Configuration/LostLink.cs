namespace Llama.Server.Configuration;

/// <summary>A link that leads nowhere. In the cache of Hugging Face a checkpoint's files are links to others, which stay behind where only the folder is copied.</summary>
internal static class LostLink
{
    private static readonly string[] Read = ["config.json", "generation_config.json", "special_tokens_map.json", "added_tokens.json", "model.safetensors.index.json"];

    /// <summary>What to say of the first one among the files that are read; null where there is none.</summary>
    /// <param name="place">A folder or file.</param>
    public static string? Find(string place)
    {
        try
        {
            string[] lost = [.. Files(place).Where(IsLost).Order(StringComparer.Ordinal)];
            return lost.Length == 0 ? null
                : $"where {Path.GetFileName(lost[0])} is a link to '{new FileInfo(lost[0]).LinkTarget}', which is not there. "
                  + "Copy a checkpoint with the files that its links name (cp -rL, rsync -L), or download it again.";
        }
        catch (UnauthorizedAccessException)
        {
            return null; // which whoever reads it tells of
        }
    }

    private static IEnumerable<string> Files(string place) => Directory.Exists(place) ? Directory.EnumerateFiles(place).Where(path => IsRead(Path.GetFileName(path))) : [place];

    private static bool IsRead(string name) =>
        Read.Contains(name) || name.StartsWith("tokenizer", StringComparison.Ordinal) || name.StartsWith("chat_template", StringComparison.Ordinal) || name.EndsWith(".safetensors", StringComparison.Ordinal);

    private static bool IsLost(string path)
    {
        var file = new FileInfo(path);
        try
        {
            return file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is { Exists: false };
        }
        catch (IOException) // one that leads to itself
        {
            return true;
        }
    }
}
