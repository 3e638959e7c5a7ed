using System.Runtime.Intrinsics.X86;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Plain;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Simd;

/// <summary>The kernels for CPUs, in C#. Picks the widest registers the machine has.</summary>
internal static class SimdKernels
{
    /// <summary>How wide the registers are, for the start-up lines.</summary>
    public static string Description => UseWide ? "C# 512-bit" : UseMiddle ? "C# 256-bit" : "C# scalar";

    // Not Vector512.IsHardwareAccelerated: that is false where the runtime fears for the clock rate, and there 512 bits still won (tests/Bench/NOTES.md).
    private static bool UseWide => Avx512BW.IsSupported;

    private static bool UseMiddle => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>Kernels for weights of a type; the cache may have another.</summary>
    /// <param name="dtype">float32 or bfloat16.</param>
    /// <param name="deterministic">Whether large products also go through kernels whose rows do not depend on each other.</param>
    public static IKernels Create(ScalarType dtype, bool deterministic)
    {
        if (UseWide) return Create<Lanes512>(dtype, deterministic);
        return UseMiddle ? Create<Lanes256>(dtype, deterministic) : Create<Lanes1>(dtype, deterministic);
    }

    private static IKernels Create<TLanes>(ScalarType dtype, bool deterministic) where TLanes : struct, ILanes<TLanes> =>
        dtype == ScalarType.BFloat16 ? new SimdKernels<TLanes, Bf16>(deterministic) : new SimdKernels<TLanes, float>(deterministic);
}

/// <inheritdoc cref="SimdKernels" />
/// <param name="deterministic">Whether large products also go through kernels whose rows do not depend on each other.</param>
/// <param name="threads">Most that attention is cut for; null takes all there are.</param>
internal sealed unsafe class SimdKernels<TLanes, TStored>(bool deterministic, int? threads = null) : IKernels where TLanes : struct, ILanes<TLanes> where TStored : unmanaged
{
    private const int TorchRows = 32; // from here on libtorch's blocked products win (tests/Bench/NOTES.md)

    private readonly PlainKernels _plain = new(CPU);
    private readonly MachineLinear? _machine = typeof(TLanes) == typeof(Lanes512) && typeof(TStored) == typeof(Bf16) && MachineCode.IsSupported ? new MachineLinear(deterministic ? int.MaxValue : int.Parse(Environment.GetEnvironmentVariable("PR") ?? "14")) : null;
    private readonly SimdCache<TLanes> _cache = new(threads ?? ParallelFor.Team.ThreadCount);

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache) => SimdCache<TLanes>.CopyBlocks(batch, cache);

    public void Embed(Weight table, ForwardBatch batch, Matrix output)
    {
        ReadOnlySpan<int> tokenIds = batch.TokenIds.AsSpan(0, batch.TokenCount);
        if (table is QuantizedWeight codes) SimdQuantizedLinear<TLanes>.Embed(codes, tokenIds, output);
        else Embed(((DenseWeight)table).Values, tokenIds, output);
    }

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output) => SimdElementwise<TLanes>.RmsNorm(input, weight, epsilon, output);

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections)
    {
        if (HaveMachineCode(projections)) _machine!.Run(input, projections, add: false);
        else foreach (Projection projection in projections) Multiply(input, projection.Weight, projection.Output, add: false);
    }

    public void LinearAdd(Matrix input, Weight weight, Matrix residual) => Multiply(input, weight, residual, add: true);

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

    private static void Embed(Matrix table, ReadOnlySpan<int> tokenIds, Matrix output)
    {
        for (int t = 0; t < tokenIds.Length; t++)
            SimdVector<TLanes, TStored>.Widen((TStored*)table.Data + (long)tokenIds[t] * table.Columns, output.Floats + (long)t * table.Columns, table.Columns);
    }

    private bool HaveMachineCode(ReadOnlySpan<Projection> projections)
    {
        if (_machine is null) return false;
        foreach (Projection projection in projections) if (!MachineLinear.Supports(projection.Weight)) return false;
        return true;
    }

    private void Multiply(Matrix input, Weight weight, Matrix output, bool add)
    {
        bool useTorch = !deterministic && input.Rows >= TorchRows;
        switch (weight)
        {
            case not null when _machine is not null && MachineLinear.Supports(weight): _machine.Run(input, [new(weight, output)], add); break;
            case QuantizedWeight codes when useTorch: SimdQuantizedLinear<TLanes>.RunTorch(input, codes, output, add); break;
            case QuantizedWeight codes: SimdQuantizedLinear<TLanes>.Run(input, codes, output, add); break;
            case DenseWeight when useTorch && add: _plain.LinearAdd(input, weight, output); break;
            case DenseWeight when useTorch: _plain.Linear(input, [new(weight, output)]); break;
            case DenseWeight dense: SimdLinear<TLanes, TStored>.Run(input, dense.Values, output, add); break;
            default: throw new NotSupportedException(weight?.GetType().Name);
        }
    }
}
