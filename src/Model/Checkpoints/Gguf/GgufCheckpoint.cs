using System.Globalization;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>A model in one GGUF file or in several parts, mapped into memory and found whole: opening checks files, metadata and tensors.</summary>
internal sealed unsafe class GgufCheckpoint : IDisposable
{
    private GgufCheckpoint(string path, LlamaConfig config, MappedTensors tensors) => (Path, Config, Tensors) = (path, config, tensors);

    /// <summary>The first file, which holds the metadata.</summary>
    public string Path { get; }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config { get; }

    /// <summary>By their GGUF names.</summary>
    public MappedTensors Tensors { get; }

    /// <exception cref="CheckpointException">With every fault of the first of these that has any: files, architecture, metadata and tensors.</exception>
    public static GgufCheckpoint Open(string path)
    {
        List<GgufFile> parts = OpenParts(path);
        MappedTensors tensors = new(path, parts);
        try
        {
            return new GgufCheckpoint(path, ReadConfig(path, parts, tensors), tensors);
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose() => Tensors.Dispose();

    private static List<GgufFile> OpenParts(string path)
    {
        string[] paths = GgufPath.Parts(path);
        if (paths is [string only]) return [GgufFile.Open(only)];
        var faults = new List<string>();
        List<GgufFile> parts = TensorFiles.OpenEach(paths, GgufFile.Open, faults);
        var names = new HashSet<string>(StringComparer.Ordinal);
        faults.AddRange(parts.SelectMany(part => part.Tensors).Where(tensor => !names.Add(tensor.Name)).Select(tensor => $"{tensor.Name}: is in more than one part"));
        return parts.OrThrow(path, faults);
    }

    private static LlamaConfig ReadConfig(string path, List<GgufFile> parts, MappedTensors tensors)
    {
        var faults = new List<string>();
        GgufKeys keys = parts[0].Keys(faults);
        if (keys.OptionalInt("split.count", 0) is int count && count > parts.Count)
            throw new CheckpointException(path, $"is one of {count} parts; name it as they were made, …-00001-of-{count:D5}.gguf, with the others beside it");
        GgufConfig.CheckArchitecture(keys, path);
        LlamaConfig config = GgufConfig.Read(keys, tensors, RopeFactors(tensors, faults));
        if (faults.Count == 0) faults.AddRange(new GgufCheck(config).Faults(tensors)); // tensors are measured by a configuration that is sound
        return faults.Count == 0 ? config : throw new CheckpointException(path, faults);
    }

    private static double[]? RopeFactors(MappedTensors tensors, List<string> faults)
    {
        if (!tensors.TryFind(GgufNames.RopeFactors, out TensorEntry? entry)) return null;
        if (entry.Dtype != "F32" || entry.Shape.Length != 1)
        {
            faults.Add($"{entry.Name} is {entry}; expected a row of F32");
            return null;
        }
        float[] factors = new ReadOnlySpan<float>(tensors.Data(entry.Name), (int)entry.Shape[0]).ToArray();
        int wrong = Array.FindIndex(factors, factor => !(factor > 0) || !float.IsFinite(factor));
        if (wrong >= 0) faults.Add(string.Create(CultureInfo.InvariantCulture, $"{entry.Name} holds {factors[wrong]}; expected finite numbers above 0"));
        return Array.ConvertAll(factors, factor => (double)factor);
    }
}
