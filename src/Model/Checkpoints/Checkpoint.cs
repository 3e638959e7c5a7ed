namespace Llama.Model.Checkpoints;

/// <summary>A folder in Hugging Face layout: config.json and one or more safetensors files, mapped into memory.</summary>
internal sealed class Checkpoint : IDisposable
{
    private Checkpoint(string folder, LlamaConfig config, MappedTensors tensors) => (Folder, Config, Tensors) = (folder, config, tensors);

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config { get; }

    public MappedTensors Tensors { get; }

    /// <summary>Bytes of all tensors on disk.</summary>
    public long ByteCount => Tensors.Sum(tensor => tensor.ByteCount);

    /// <summary>Maps the checkpoint of a folder. The files are in order each for itself; <see cref="Verify"/> says whether they hold the model which the configuration describes.</summary>
    /// <exception cref="CheckpointException">With every fault of the first of these that has any: configuration, list of files, headers.</exception>
    public static Checkpoint Open(string folder)
    {
        if (!Directory.Exists(folder)) throw new CheckpointException(folder, "no such folder");
        LlamaConfig config = LlamaConfig.Load(folder);
        return new Checkpoint(folder, config, new MappedTensors(folder, CheckpointFiles.Open(folder)));
    }

    /// <summary>The same, if it is whole.</summary>
    /// <exception cref="CheckpointException">As of <see cref="Open"/> and <see cref="Verify"/>.</exception>
    public static Checkpoint OpenVerified(string folder)
    {
        Checkpoint checkpoint = Open(folder);
        try
        {
            checkpoint.Verify();
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Compares the tensors with what the configuration demands.</summary>
    /// <exception cref="CheckpointException">With everything that is missing, misshapen, of a type that cannot be loaded, or unexpected.</exception>
    public void Verify()
    {
        string[] faults = [.. new CheckpointCheck(Config).Faults(Tensors)];
        if (faults.Length > 0) throw new CheckpointException(Folder, faults);
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose() => Tensors.Dispose();
}
