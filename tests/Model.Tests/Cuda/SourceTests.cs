using System.Collections.Concurrent;
using Llama.Model.Cuda;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

/// <summary>That every source compiles with NVIDIA's compiler, for the devices and in the forms that models ask for, and that no kernel needs more registers than there are.</summary>
[HoldsTensors]
public sealed class SourceTests
{
    private static readonly (string Architecture, int SharedBytes)[] Devices = [("sm_80", 163 << 10), ("sm_90", 227 << 10)];

    // Heads, key heads, elements of a head, tokens of a block; activations and cache.
    private static readonly CudaAttentionForm[] Forms =
    [
        new(new(32, 32, 128, 16), ScalarType.BFloat16, ScalarType.BFloat16), // Llama 2 7B
        new(new(64, 8, 128, 16), ScalarType.BFloat16, ScalarType.Int8), // Llama 2 70B
        new(new(64, 8, 128, 16), ScalarType.BFloat16, ScalarType.BFloat16),
        new(new(64, 8, 128, 16), ScalarType.BFloat16, ScalarType.BFloat16, 99 << 10), // on devices that are made for graphics
        new(new(32, 8, 128, 32), ScalarType.BFloat16, ScalarType.Int8), // Llama 3 8B
        new(new(32, 4, 64, 16), ScalarType.BFloat16, ScalarType.BFloat16), // TinyLlama
        new(new(8, 4, 32, 8), ScalarType.Float32, ScalarType.Float32), // the demo model
        new(new(32, 8, 128, 16), ScalarType.Float32, ScalarType.BFloat16),
        new(new(24, 2, 80, 16), ScalarType.BFloat16, ScalarType.BFloat16),
        new(new(8, 8, 256, 64), ScalarType.BFloat16, ScalarType.Int8),
        new(new(16, 1, 256, 16), ScalarType.BFloat16, ScalarType.BFloat16),
    ];

    private static readonly CudaLinearFormat[] Codes = [new(8), new(8, false, 64), new(8, true, 16), new(4), new(4, false, 16), new(4, true)];

    public static TheoryData<string> Names => [.. typeof(CudaUnit).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".cu", StringComparison.Ordinal))];

    [NvrtcTheory]
    [MemberData(nameof(Names))]
    public void Source_InEveryForm_CompilesWithinItsRegisters(string name)
    {
        Nvrtc compiler = new(NvrtcTheoryAttribute.Library!);
        ConcurrentQueue<string> faults = [];
        // What spills a little on the older devices is worth the blocks that its bounds let run there at once.
        System.Threading.Tasks.Parallel.ForEach(from device in Devices from constants in Variants(name, device.SharedBytes) select (constants, device.Architecture, Most: device.Architecture == "sm_80" ? 64 : 0), variant =>
        {
            try
            {
                foreach ((string kernel, int bytes) in Cubin.Frames(compiler.Compile(new CudaUnit(name, variant.constants), variant.Architecture)))
                    if (bytes > variant.Most) faults.Enqueue($"{kernel} ({string.Join(' ', variant.constants)}) for {variant.Architecture} has {bytes} bytes in local memory");
            }
            catch (CudaException e)
            {
                faults.Enqueue(e.Message);
            }
        });
        Assert.True(faults.IsEmpty, string.Join('\n', faults));
    }

    [NvrtcTheory]
    [InlineData("extern \"C\" __global__ void one(int* data, int n) { int some[64]; for (int i = 0; i < 64; i++) some[i] = data[i]; some[n] = 3; for (int i = 0; i < 64; i++) data[i] = some[i * n % 64]; }")]
    public void Frames_OfAKernelThatNeedsLocalMemory_AreSeen(string text)
    {
        byte[] image = new Nvrtc(NvrtcTheoryAttribute.Library!).Compile(new CudaUnit("transfer.cu", [$"transfer=two(int*);{text}extern \"C\" __global__ void three"]), "sm_90");
        Assert.Equal([("one", 256), ("three", 0)], Cubin.Frames(image).OrderBy(frame => frame.Kernel));
    }

    // Every source is here, or its test fails.
    private static IEnumerable<IReadOnlyList<string>> Variants(string name, int sharedBytes) => name switch
    {
        "attention_plan.cu" or "attention_rows.cu" => from form in Forms from tokens in new[] { CudaAttentionForm.ShortPiece, CudaAttentionForm.LongPiece } select form.Unit(name, tokens).Constants,
        "cache.cu" => Forms.Select(form => form.Unit(name).Constants),
        "attention_tiles.cu" => Forms.Where(form => form.HasTiles).Select(form => form.Unit(name).Constants),
        "sampling_edits.cu" or "sampling_scores.cu" or "transfer.cu" => [[]],
        "codes.cu" => Codes.Select(format => format.Constants),
        "elementwise.cu" => [["ACT=bf16"], ["ACT=float"]],
        "few_rows.cu" => Codes.Append(new CudaLinearFormat(16)).SelectMany(format => CudaFewRowsForm.All(format, sharedBytes)).Select(form => form.Unit.Constants),
        "linear.cu" => from format in Codes.Append(new CudaLinearFormat(16)) from tile in Tiles(format, sharedBytes) select tile.Constants,
        "linear_float.cu" => [["ROWS=1"], ["ROWS=8"]],
        "sampling.cu" => [["THREADS=512"]],
        _ => throw new ArgumentException($"Say here in which forms {name} is compiled."),
    };

    private static IEnumerable<CudaLinearTile> Tiles(CudaLinearFormat format, int sharedBytes) =>
        (from rows in new[] { 8, 16, 32, 64 } from deterministic in new[] { false, true } select CudaLinearTile.For(format, rows, deterministic, sharedBytes)).Distinct();
}
