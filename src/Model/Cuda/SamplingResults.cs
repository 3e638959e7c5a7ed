using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>What the sampling kernels leave of each row. They write it into page-locked memory of the host themselves: <see cref="CudaSampledRow"/>s, and behind them their alternatives.</summary>
internal sealed unsafe class SamplingResults : IDisposable
{
    /// <summary>Most alternatives of a row: as many as the kernels keep places for, and as the APIs let a caller ask for.</summary>
    public const int MaxTop = 20;

    private readonly CudaStream _stream;
    private readonly int _maxRows;
    private readonly nint[] _hosts;

    /// <summary>Allocates.</summary>
    /// <param name="stream">Whose kernels write.</param>
    /// <param name="maxRows">Most rows of a step.</param>
    /// <param name="buffers">One for each step that may be under way.</param>
    public SamplingResults(CudaStream stream, int maxRows, int buffers)
    {
        (_stream, _maxRows, _hosts) = (stream, maxRows, new nint[buffers]);
        Tokens = stream.Driver.Allocate((long)maxRows * sizeof(int));
        for (int i = 0; i < buffers; i++) _hosts[i] = stream.Driver.AllocatePinned(maxRows * (sizeof(CudaSampledRow) + ((long)MaxTop * sizeof(TokenLogprob))));
    }

    /// <summary>[rows] int32 on the device: the tokens of the step that was drawn last.</summary>
    public nint Tokens { get; }

    /// <summary>[rows] <see cref="CudaSampledRow"/></summary>
    public nint Rows(int buffer) => _hosts[buffer];

    /// <summary>[rows, <see cref="MaxTop"/>] <see cref="TokenLogprob"/></summary>
    public nint Tops(int buffer) => _hosts[buffer] + (_maxRows * sizeof(CudaSampledRow));

    /// <summary>What is known of a row, once its step is over.</summary>
    public ref readonly CudaSampledRow RowOf(int buffer, int row) => ref ((CudaSampledRow*)Rows(buffer))[row];

    /// <summary>A row's alternatives, best first.</summary>
    public TokenLogprob[] TopOf(int buffer, int row) => new ReadOnlySpan<TokenLogprob>((TokenLogprob*)Tops(buffer) + (row * MaxTop), RowOf(buffer, row).TopCount).ToArray();

    public void Dispose()
    {
        _stream.Driver.Free(Tokens);
        foreach (nint host in _hosts) _stream.Driver.FreePinned(host);
    }
}
