using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Llama.Model.Text;
using Llama.Model.Text.Gguf;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Makes one GGUF file of a checkpoint folder: weights, shape, tokenizer, chat template, sampling defaults. llama.cpp reads it, and so does this program.</summary>
public sealed class GgufConversion : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly List<GgufPart> _parts = [];
    private readonly List<string> _remarks = [];
    private readonly GgufWriter.GgufLayout _layout;

    private GgufConversion(Checkpoint checkpoint, GgufTensorType type)
    {
        _checkpoint = checkpoint;
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(checkpoint.Config)) _parts.Add(Declare(tensor, type));
        RopeFactors = GgufShape.RopeFactors(checkpoint.Config);
        IEnumerable<GgufWriter.Declaration> factors = RopeFactors is null ? [] : [new(GgufNames.RopeFactors, GgufTensorType.F32, [RopeFactors.Length])];
        _layout = GgufWriter.Lay(Metadata(type), [.. factors, .. _parts.Select(part => part.Declaration)]);
    }

    /// <summary>The names of the types that matrices can be written in.</summary>
    public static IReadOnlyList<string> Types { get; } = [.. RowEncoder.Types.Select(type => type.Name)];

    /// <summary>Bytes of the file to be.</summary>
    public long ByteCount => _layout.ByteCount;

    /// <summary>What the file will not say, or says otherwise than was asked: one sentence each.</summary>
    public IReadOnlyList<string> Remarks => _remarks;

    private float[]? RopeFactors { get; }

    /// <summary>Opens and checks a checkpoint and lays the file out; nothing is written yet.</summary>
    /// <param name="folder">In Hugging Face layout.</param>
    /// <param name="type">One of <see cref="Types"/>; norms are always F32.</param>
    /// <exception cref="CheckpointException">The checkpoint is not there or not whole; with every fault.</exception>
    /// <exception cref="NotSupportedException">GGUF cannot say what the checkpoint says.</exception>
    public static GgufConversion Prepare(string folder, string type)
    {
        Checkpoint checkpoint = Checkpoint.OpenVerified(folder);
        try
        {
            if (checkpoint.Config.Quantization is not null) throw new NotSupportedException($"{folder} is quantised; convert the checkpoint that it was made of.");
            return new GgufConversion(checkpoint, Array.Find(RowEncoder.Types, known => known.Name == type) ?? throw new ArgumentException($"'{type}' is none of {string.Join(", ", Types)}"));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Writes the file, replacing one that is there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="progress">Told the share that is written, from 0 to 1; from any thread.</param>
    /// <param name="cancellation">Ends it early, with a file that is not whole.</param>
    public void Write(string path, IProgress<double>? progress, CancellationToken cancellation)
    {
        using GgufWriter writer = GgufWriter.Create(path, _layout);
        if (RopeFactors is not null) writer.Write(GgufNames.RopeFactors, MemoryMarshal.AsBytes(RopeFactors.AsSpan()));
        try
        {
            WriteParts(writer, progress, cancellation);
        }
        catch (AggregateException failures) // every thread fails when the disk is full or memory runs out; one says it
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }
    }

    /// <summary>Unmaps the checkpoint.</summary>
    public void Dispose() => _checkpoint.Dispose();

    private void WriteParts(GgufWriter writer, IProgress<double>? progress, CancellationToken cancellation)
    {
        long written = 0;
        System.Threading.Tasks.Parallel.ForEach(_parts.SelectMany(part => part.Chunks()), new ParallelOptions { CancellationToken = cancellation }, chunk =>
        {
            byte[] bytes = chunk.Encode(_checkpoint);
            writer.Write(chunk.Part.Declaration.Name, bytes, chunk.FirstRow * chunk.Part.RowBytes);
            progress?.Report((double)Interlocked.Add(ref written, bytes.Length) / ByteCount);
        });
    }

    private GgufPart Declare(CheckpointLayout.ExpectedTensor tensor, GgufTensorType asked)
    {
        GgufTensorType own = GgufTensorType.Find(_checkpoint.Tensors.Entry(tensor.Name).Dtype)!;
        string name = GgufNames.Of(tensor.Name);
        GgufTensorType type = tensor.Shape.Length == 1 ? GgufTensorType.F32 : asked;
        bool isHead = name == (_checkpoint.Config.TieWordEmbeddings ? GgufNames.Embedding : GgufNames.Head);
        if (asked == GgufTensorType.Q4_0 && isHead) type = GgufTensorType.Q8_0; // the head suffers most from few bits, and is read once a token
        if (tensor.Shape[^1] % type.Elements != 0)
        {
            _remarks.Add($"{name} has rows of {tensor.Shape[^1]}, which do not fill blocks of {type.Elements}: it is written as {own.Name}.");
            type = own;
        }
        return new GgufPart(tensor.Name, new(name, type, tensor.Shape), RopeOrder.Of(tensor.Name, _checkpoint.Config));
    }

    private GgufMetadata Metadata(GgufTensorType type)
    {
        Tokenizer tokenizer = Tokenizer.Load(_checkpoint.Folder);
        if (VocabularyFit.Fault(tokenizer, ChatFormat.Load(_checkpoint.Folder, tokenizer), _checkpoint.Config.VocabSize) is { } fault) throw new NotSupportedException(fault);
        string[] leftOut = [.. Enumerable.Range(0, tokenizer.VocabSize).Skip(_checkpoint.Config.VocabSize).Select(tokenizer.Piece).Where(piece => piece.Length > 0)];
        if (leftOut.Length > 0) _remarks.Add($"Tokens that nothing makes and for which the model has no rows are left out: {string.Join(", ", leftOut)}.");
        var metadata = new GgufMetadata();
        metadata.Add("general.architecture", "llama");
        metadata.Add("general.type", "model");
        metadata.Add("general.name", Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(_checkpoint.Folder))));
        metadata.Add("general.file_type", type.FileType);
        metadata.Add("general.quantization_version", 2);
        GgufShape.Add(metadata, _checkpoint.Config);
        GgufTokenizerWriter.Add(metadata, tokenizer, _checkpoint.Config.VocabSize);
        GgufChat.Add(metadata, _checkpoint, tokenizer, _remarks);
        return metadata;
    }
}
