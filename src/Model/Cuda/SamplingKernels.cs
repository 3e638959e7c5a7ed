namespace Llama.Model.Cuda;

/// <summary>The kernels that draw from rows of logits and score them, with their scratch memory. What they compute is said in their sources.</summary>
internal sealed class SamplingKernels : IDisposable
{
    private const int MaxVocab = 1 << 19; // a sum of so many weights fits 64 bits, an id the 19 lowest bits of a key
    private const int Stretch = 1024, Bins = 1024, WarpSize = 32; // as in sampling.cuh
    private const int StretchesPerBlock = 4, RowThreads = 512, MaxEditBlocks = 64;

    private readonly CudaStream _stream;
    private readonly CudaKernel _findBest, _weigh, _draw, _edit, _score;
    private readonly int _vocabSize, _stretches, _drawThreads, _editBlocks;
    private readonly nint _best, _masses, _histograms, _logMasses, _counts;

    /// <summary>Compiles them and allocates.</summary>
    /// <param name="stream">Where they run.</param>
    /// <param name="vocabSize">Columns of a row of logits.</param>
    /// <param name="maxRows">Most rows at once.</param>
    /// <param name="drawThreads">Threads that draw from one row; changes no result.</param>
    /// <exception cref="ArgumentException">The vocabulary is too large.</exception>
    public SamplingKernels(CudaStream stream, int vocabSize, int maxRows, int drawThreads = RowThreads)
    {
        if (vocabSize > MaxVocab) throw new ArgumentException($"The vocabulary has {vocabSize} tokens; sampling with Model:Kernels=fused on CUDA takes at most {MaxVocab}. Use Model:Kernels=plain.");
        (_stream, _vocabSize, _drawThreads) = (stream, vocabSize, drawThreads);
        _stretches = (vocabSize + Stretch - 1) / Stretch;
        CudaModule sampling = stream.Load(new CudaUnit("sampling.cu", [$"THREADS={drawThreads}"]));
        _findBest = sampling.Kernel("find_best");
        _weigh = sampling.Kernel("weigh");
        _draw = sampling.Kernel("draw", KeptBytes);
        _edit = stream.Load(new CudaUnit("sampling_edits.cu", [])).Kernel("edit_logits");
        _score = stream.Load(new CudaUnit("sampling_scores.cu", [])).Kernel("score");

        _editBlocks = Math.Min(maxRows, MaxEditBlocks);
        long countBytes = (long)_editBlocks * vocabSize * sizeof(int);
        _best = stream.Driver.Allocate((long)maxRows * _stretches * sizeof(ulong));
        _masses = stream.Driver.Allocate((long)maxRows * _stretches * sizeof(ulong));
        _histograms = stream.Driver.Allocate((long)maxRows * Bins * sizeof(ulong));
        _logMasses = stream.Driver.Allocate((long)maxRows * sizeof(double));
        _counts = stream.Driver.Allocate(countBytes);
        stream.Driver.FillAsync(_counts, 0, countBytes, stream.Handle);
    }

    /// <summary>Bytes of one row's bitset of allowed tokens.</summary>
    public int MaskBytes => (_vocabSize + 63) / 64 * sizeof(ulong);

    private int KeptBytes => _stretches * WarpSize * sizeof(int);

    /// <summary>Edits rows in place, keeping what was there beside the tokens of the lists.</summary>
    public void Edit(nint rows, int count, nint lists, nint logits, nint originals) =>
        _edit.Launch(new LaunchShape(Math.Min(count, _editBlocks), 1, 1, RowThreads), rows, count, lists, logits, _vocabSize, _counts, originals);

    /// <summary>Draws from rows, <paramref name="isGreedy"/> if all of them take the best token.</summary>
    public void Draw(nint rows, int count, bool isGreedy, nint masks, nint lists, nint logits, nint originals, SamplingResults results, int buffer)
    {
        FindBest(rows, count, masks, logits, raw: 0);
        if (!isGreedy) Weigh(rows, count, logits, raw: 0);
        _draw.Launch(new LaunchShape(count, 1, 1, _drawThreads, KeptBytes),
            rows, logits, _vocabSize, _best, _masses, _histograms, lists, originals, _logMasses, results.Rows(buffer), results.Tokens);
    }

    /// <summary>Reads log-probabilities from rows that want them, as the model made them.</summary>
    public void Score(nint rows, int count, nint logits, SamplingResults results, int buffer)
    {
        FindBest(rows, count, masks: 0, logits, raw: 1);
        Weigh(rows, count, logits, raw: 1);
        _score.Launch(new LaunchShape(count, 1, 1, RowThreads), rows, logits, _vocabSize, _best, _masses, _logMasses, results.Rows(buffer), results.Tops(buffer));
    }

    public void Dispose()
    {
        foreach (nint memory in (ReadOnlySpan<nint>)[_best, _masses, _histograms, _logMasses, _counts]) _stream.Driver.Free(memory);
    }

    private void FindBest(nint rows, int count, nint masks, nint logits, int raw) =>
        _findBest.Launch(StretchShape(count), rows, masks, MaskBytes / sizeof(uint), logits, _vocabSize, raw, _best, _histograms);

    private void Weigh(nint rows, int count, nint logits, int raw) => _weigh.Launch(StretchShape(count), rows, logits, _vocabSize, raw, _best, _masses, _histograms);

    // A warp for each stretch.
    private LaunchShape StretchShape(int rows) => new((_stretches + StretchesPerBlock - 1) / StretchesPerBlock, rows, 1, StretchesPerBlock * WarpSize);
}
