using Llama.Model.Cuda;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

/// <summary>What is decided about products without a device.</summary>
[HoldsTensors]
public sealed unsafe class CudaLinearShapeTests
{
    private static readonly CudaLinearFormat[] Formats =
    [
        new(16),
        .. from bits in new[] { 8, 4 } from hasMinima in new[] { false, true } from grain in new[] { 16, 32, 64 } select new CudaLinearFormat(bits, hasMinima, grain),
    ];

    [Theory]
    [InlineData(99)] // compute capability 8.6
    [InlineData(163)] // 8.0
    [InlineData(227)] // 9.0
    public void Tile_OfAnyForm_FitsTheSharedMemoryOfTheDevice(int kibibytes)
    {
        foreach (CudaLinearFormat format in Formats)
            foreach ((int rows, bool deterministic) in from rows in new[] { 1, 8, 9, 16, 17, 32, 33, 64, 65 } from deterministic in new[] { false, true } select (rows, deterministic))
            {
                CudaLinearTile tile = CudaLinearTile.For(format, rows, deterministic, kibibytes << 10);
                Assert.InRange(tile.SharedBytes, 1, (kibibytes << 10) - 16); // the kernel has 16 of its own
                Assert.InRange(tile.Stages, 2, 8);
                Assert.InRange(tile.Rows * tile.Outputs, 1, 64 * 128); // what the workspace has room for
            }
    }

    [Theory]
    [InlineData(1, 2)] // worth it at once
    [InlineData(3, 4)]
    [InlineData(9, 16)]
    [InlineData(64, 64)]
    [InlineData(300, 512)]
    [InlineData(5000, int.MaxValue)]
    public void Measure_CublasWinsFromSomeRowsOn_SwitchesThere(int winsFrom, int expected)
    {
        CudaLinearSwitch rows = new(isFixed: false);
        Matrix none = new(null, 1, 8, ScalarType.BFloat16, isOnHost: false, free: null);
        DenseWeight weight = new(none);
        rows.Measure([weight], (count, _, isMany) => isMany ? count + 2 * winsFrom - 1 : 3 * count);
        Assert.False(rows.IsMany(expected - 1, new(16)));
        Assert.Equal(expected <= CudaLinearSwitch.MostRows, rows.IsMany(int.MaxValue - 1, new(16)));
        if (expected <= CudaLinearSwitch.MostRows) Assert.True(rows.IsMany(expected, new(16)));
    }

    [Fact]
    public void Measure_Fixed_NeverSwitchesNorMeasures()
    {
        CudaLinearSwitch rows = new(isFixed: true);
        rows.Measure([new DenseWeight(new Matrix(null, 1, 8, ScalarType.BFloat16, isOnHost: false, free: null))], (_, _, _) => throw new InvalidOperationException("measured"));
        Assert.False(rows.IsMany(int.MaxValue, new(16)));
    }

    [Theory]
    [InlineData(16, 1, 4096, true, 167, 227, 8)] // gate and up of a 7B on 132 multiprocessors
    [InlineData(16, 4, 11008, false, 32, 227, 8)]
    [InlineData(16, 1, 11008, false, 39, 99, 2)] // on one for graphics, what a 7B's down leaves there
    [InlineData(4, 1, 11008, false, 32, 227, 3)] // in digits
    [InlineData(8, 2, 11008, false, 32, 227, 3)]
    [InlineData(4, 1, 11008, false, 64, 163, 3)]
    [InlineData(4, 2, 11008, false, 64, 163, 4)]
    [InlineData(4, 1, 11008, false, 39, 99, 4)]
    [InlineData(4, 2, 28672, false, 64, 227, 4)] // two rows of a 70B's down in digits are more than there is; in bfloat16 they are not
    [InlineData(4, 7, 11008, false, 32, 227, 2)]
    [InlineData(4, 8, 28672, false, 64, 227, null)] // a 70B's down: the input alone is more than there is
    [InlineData(8, 9, 4096, false, 32, 227, null)]
    [InlineData(32, 1, 4096, false, 32, 227, null)]
    public void FewRows_ShapesOfModels_GoAsDeepAsThereIsRoom(int bits, int rows, int inputs, bool hasNorm, int outputs, int kibibytes, int? depth)
    {
        CudaLinearFormat format = new(bits, Grain: 64);
        CudaFewRowsForm? form = CudaFewRowsForm.For(format, rows, inputs, hasNorm, outputs, kibibytes << 10);
        Assert.Equal(depth, form?.Depth);
        if (form is not { } found) return;
        Assert.Contains(found, CudaFewRowsForm.All(format, kibibytes << 10));
        Assert.InRange(found.SharedBytes(rows, inputs, hasNorm, outputs) + found.StaticBytes, 1, kibibytes << 10);
    }

    [Theory]
    [InlineData(99, false)] // where its weights under way alone are more
    [InlineData(163, true)]
    [InlineData(227, true)]
    public void FewRows_AllFormsOfADevice_HaveRoomThere(int kibibytes, bool hasDigits)
    {
        foreach (CudaLinearFormat format in Formats)
        {
            CudaFewRowsForm[] all = [.. CudaFewRowsForm.All(format, kibibytes << 10)];
            for (int rows = 1; rows <= CudaFewRowsForm.MostRows(format); rows++) Assert.Contains(CudaFewRowsForm.For(format, rows, 8, hasNorm: true, outputs: 16, kibibytes << 10)!.Value, all);
            Assert.Equal(hasDigits && format is { IsCodes: true, HasMinima: false, Grain: >= 32 }, all.Any(form => form.HasDigits));
            Assert.All(all, form => Assert.InRange(form.SharedBytes(1, 8, hasNorm: false, outputs: 1) + form.StaticBytes, 1, kibibytes << 10));
        }
    }

    [Theory]
    [InlineData(60, 64, 4, "hidden_size is 60")]
    [InlineData(64, 100, 4, "intermediate_size is 100")]
    [InlineData(64, 64, 2, "num_attention_heads · head_dim is 6")]
    public void Check_InputsThatAreNoMultipleOf8_NamesThemAndTheRemedy(int hidden, int intermediate, int heads, string expected)
    {
        LlamaConfig config = new() { HiddenSize = hidden, IntermediateSize = intermediate, LayerCount = 1, HeadCount = heads, KvHeadCount = heads, HeadDim = heads == 2 ? 3 : 16, VocabSize = 5 };
        ArgumentException e = Assert.Throws<ArgumentException>(() => CudaLinear.Check(config));
        Assert.StartsWith(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains("Model:Device=cpu", e.Message, StringComparison.Ordinal);
    }
}
