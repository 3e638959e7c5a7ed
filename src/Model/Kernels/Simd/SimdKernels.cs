using System.Runtime.Intrinsics.X86;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Simd;

/// <summary>The kernels for CPUs, in C#. Picks the widest registers the machine has.</summary>
internal static class SimdKernels
{
    /// <summary>How wide the registers are, for the start-up lines.</summary>
    public static string Width => UseWide ? "C# 512-bit" : UseMiddle ? "C# 256-bit" : "C# scalar";

    // Not Vector512.IsHardwareAccelerated: that is false where the runtime fears for the clock rate, and there 512 bits still won (tests/Bench/NOTES.md).
    private static bool UseWide => Avx512BW.IsSupported;

    private static bool UseMiddle => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Whether kernels for weights of a type multiply with packed ones.</summary>
    public static bool TakesPackedWeights(ScalarType dtype) => UseWide && MachineCode.IsSupported && dtype == ScalarType.BFloat16;

    /// <summary>Whether kernels multiply with weights whose rows a <see cref="RowReader"/> brings.</summary>
    /// <param name="weight">One of them.</param>
    public static bool TakesReaders(Weight weight) => UseWide && MachineCode.IsSupported && MachineLinear.Supports(OutlierWeight.CodesOf(weight));

    /// <summary>Kernels for weights of a type; the cache may have another.</summary>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <param name="deterministic">Whether large products also go through kernels whose rows do not depend on each other.</param>
    public static IKernels Create(ScalarType dtype, bool deterministic)
    {
        if (UseWide) return Create<Lanes512>(dtype, deterministic);
        return UseMiddle ? Create<Lanes256>(dtype, deterministic) : Create<Lanes1>(dtype, deterministic);
    }

    /// <summary>Kernels that compute one number at a time, for any processor, and leave nothing to others.</summary>
    /// <param name="dtype">float32 or bfloat16.</param>
    public static IKernels CreateScalar(ScalarType dtype) =>
        dtype == ScalarType.BFloat16 ? new SimdKernels<Lanes1, Bf16>(deterministic: true, generated: false) : new SimdKernels<Lanes1, float>(deterministic: true, generated: false);

    private static IKernels Create<TLanes>(ScalarType dtype, bool deterministic) where TLanes : struct, ILanes<TLanes> =>
        dtype == ScalarType.BFloat16 ? new SimdKernels<TLanes, Bf16>(deterministic) : new SimdKernels<TLanes, float>(deterministic);
}

/// <inheritdoc cref="SimdKernels" />
/// <param name="deterministic">Whether large products also go through kernels whose rows do not depend on each other.</param>
/// <param name="threads">Most that attention is cut for; null takes all there are.</param>
/// <param name="generated">Whether generated code may be used where the processor has what it needs.</param>
/// <param name="onTiles">Whether that may use tile registers, likewise.</param>
internal sealed unsafe class SimdKernels<TLanes, TStored>(bool deterministic, int? threads = null, bool generated = true, bool onTiles = true) : IKernels where TLanes : struct, ILanes<TLanes> where TStored : unmanaged
{
    private readonly SimdProducts<TLanes, TStored> _products = new(deterministic, generated && MachineCode.IsSupported ? new MachineLinear(onTiles && MachineCode.HasTileRegisters) : null);
    private readonly SimdCache<TLanes> _cache = new(threads ?? ParallelFor.Team.ThreadCount,
        generated && MachineCode.IsSupported && TLanes.Count == PanelTile.Lanes && typeof(TStored) == typeof(Bf16) ? new MachineAttention(onTiles && MachineCode.HasTileRegisters) : null);

    public void Calibrate(LlamaWeights weights) => _products.Calibrate(weights);

    public string Describe(LlamaWeights? weights = null) => SimdKernels.Width + " kernels" + _products.Describe(weights);

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => SimdCache<TLanes>.CopyBlocks(batch, cache);

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken = 0)
    {
        ReadOnlySpan<int> tokenIds = batch.TokenIds.AsSpan(0, batch.TokenCount);
        if (OutlierWeight.CodesOf(table) is QuantizedWeight codes) SimdQuantizedLinear<TLanes>.Embed(codes, tokenIds, output, firstToken);
        else Embed(((DenseWeight)table).Values, tokenIds, output, firstToken);
    }

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) => SimdElementwise<TLanes>.RmsNorm(input, weight, epsilon, output);

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections) => _products.Run(input, projections, add: false);

    public void LinearAdd(Matrix input, Weight weight, Matrix residual) => _products.Run(input, [new(weight, residual)], add: true);

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache) =>
        SimdCache<TLanes>.RotateAndStore(queries, keys, values, rope, batch, shape, cache);

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output) => _cache.Attend(queries, batch, shape, cache, output);

    public void SiluMultiply(Matrix gate, Matrix up) => SimdElementwise<TLanes>.SiluMultiply(gate, up);

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output)
    {
        long bytes = (long)input.Columns * sizeof(float);
        for (int i = 0; i < rows.Length; i++)
            Buffer.MemoryCopy(input.Floats + (long)rows[i] * input.Columns, output.Floats + (long)i * input.Columns, bytes, bytes);
    }

    private static void Embed(Matrix table, ReadOnlySpan<int> tokenIds, Matrix output, int firstToken)
    {
        for (int t = 0; t < tokenIds.Length; t++)
        {
            int row = tokenIds[t] - firstToken;
            float* target = output.Floats + (long)t * table.Columns;
            if ((uint)row < (uint)table.Rows) SimdVector<TLanes, TStored>.Widen((TStored*)table.Data + (long)row * table.Columns, target, table.Columns);
            else new Span<float>(target, table.Columns).Clear();
        }
    }
}
