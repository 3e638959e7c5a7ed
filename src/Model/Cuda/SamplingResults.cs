using Llama.Model.Sampling;

namespace Llama.Model.Cuda;

/// <summary>What the sampling kernels leave of each row, in one piece of memory: token ids, then <see cref="CudaSampledRow"/>s, then alternatives.</summary>
internal sealed unsafe class SamplingResults(CudaStream stream, int maxRows, int hosts) : IDisposable
{
    /// <summary>Most alternatives of a row: as many as the kernels keep places for, and as the APIs let a caller ask for.</summary>
    public const int MaxTop = 20;

    private readonly StagedBuffer _buffer = new(stream, hosts, maxRows * (sizeof(int) + sizeof(CudaSampledRow) + ((long)MaxTop * sizeof(TokenLogprob))));

    /// <summary>[rows] int32</summary>
    public nint Tokens => _buffer.Device;

    /// <summary>[rows] <see cref="CudaSampledRow"/></summary>
    public nint Rows => Tokens + RowsAt;

    /// <summary>[rows, <see cref="MaxTop"/>] <see cref="TokenLogprob"/></summary>
    public nint Tops => Tokens + TopsAt;

    private int RowsAt => maxRows * sizeof(int);

    private int TopsAt => RowsAt + (maxRows * sizeof(CudaSampledRow));

    /// <summary>Enqueues the copy to a host memory.</summary>
    /// <param name="host">Which.</param>
    /// <param name="tops">With the alternatives.</param>
    public void Download(int host, bool tops) => _buffer.Download(host, tops ? _buffer.Capacity : TopsAt);

    /// <summary>A row's token.</summary>
    public int TokenOf(int host, int row) => ((int*)_buffer.Host(host))[row];

    /// <summary>What else is known of a row.</summary>
    public ref CudaSampledRow RowOf(int host, int row) => ref ((CudaSampledRow*)((byte*)_buffer.Host(host) + RowsAt))[row];

    /// <summary>A row's alternatives, best first.</summary>
    public TokenLogprob[] TopOf(int host, int row) =>
        new ReadOnlySpan<TokenLogprob>((TokenLogprob*)((byte*)_buffer.Host(host) + TopsAt) + (row * MaxTop), RowOf(host, row).TopCount).ToArray();

    public void Dispose() => _buffer.Dispose();
}
