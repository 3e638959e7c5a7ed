using System.Text.Json;

namespace Llama.Model.Checkpoints;

/// <summary>Finds and opens the safetensors files of a folder: those of model.safetensors.index.json, else model.safetensors, else the only one there.</summary>
internal static class CheckpointFiles
{
    private const string IndexName = "model.safetensors.index.json", SingleName = "model.safetensors";

    public static IReadOnlyList<SafetensorsFile> Open(string folder)
    {
        string index = Path.Combine(folder, IndexName);
        if (!File.Exists(index)) return [SafetensorsFile.Open(FindSingle(folder))];
        Dictionary<string, string> fileOf = ReadIndex(index);
        var faults = new List<string>();
        List<SafetensorsFile> files = TensorFiles.OpenEach(fileOf.Values.Distinct().Order(StringComparer.Ordinal), name => OpenNamed(folder, name), faults).OrThrow(folder, faults);
        return files.OrThrow(index, CompareWithIndex(fileOf, files));
    }

    private static string FindSingle(string folder)
    {
        string single = Path.Combine(folder, SingleName);
        if (File.Exists(single)) return single;
        string[] others = Directory.GetFiles(folder, "*.safetensors");
        if (others.Length == 1) return others[0];
        if (others.Length > 1) throw new CheckpointException(folder, $"holds {others.Length} safetensors files but no {IndexName} that says what belongs to the model");
        bool pickled = Directory.EnumerateFiles(folder).Any(path => Path.GetExtension(path) is ".bin" or ".pt" or ".pth");
        throw new CheckpointException(folder, pickled
            ? "holds only PyTorch pickles (.bin, .pt or .pth), which are programs, not data; convert them to safetensors: "
              + "in Python, AutoModelForCausalLM.from_pretrained(folder).save_pretrained(folder)"
            : $"holds no weights: expected {SingleName}, or {IndexName} and the files it names");
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement map = document.RootElement.GetProperty("weight_map");
            return map.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new CheckpointException(path, $"expected {{\"weight_map\": {{tensor name: file name}}}} ({e.Message})");
        }
    }

    private static SafetensorsFile OpenNamed(string folder, string name) => !string.IsNullOrEmpty(name) && name == Path.GetFileName(name)
        ? SafetensorsFile.Open(Path.Combine(folder, name))
        : throw new CheckpointException(IndexName, $"names \"{name}\", which is not a file of its folder");

    private static List<string> CompareWithIndex(Dictionary<string, string> fileOf, List<SafetensorsFile> files)
    {
        var faults = new List<string>();
        var named = new Dictionary<string, string>(fileOf, StringComparer.Ordinal);
        foreach (SafetensorsFile file in files)
        {
            string fileName = Path.GetFileName(file.Path);
            foreach (string tensor in file.Tensors.Select(entry => entry.Name))
            {
                if (!fileOf.TryGetValue(tensor, out string? owner)) faults.Add($"{tensor} is in {fileName} and not in the index");
                else if (owner != fileName) faults.Add($"{tensor} is in {fileName}; the index says {owner}");
                else named.Remove(tensor);
            }
        }
        faults.AddRange(named.Select(pair => $"{pair.Key} is not in {pair.Value}, where the index says it is"));
        return faults;
    }
}
