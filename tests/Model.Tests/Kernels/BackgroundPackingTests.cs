using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Simd;
using Llama.Model.Quantization;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

/// <summary>Weights that are multiplied with while another thread packs them.</summary>
[HoldsTensors]
public sealed class BackgroundPackingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-packing-tests").FullName;

    [GeneratedCodeTheory]
    [InlineData(null, typeof(DenseWeight), typeof(PackedWeight))]
    [InlineData("int8", typeof(QuantizedWeight), typeof(PackedCodes))]
    [InlineData("int4-g64-zp", typeof(QuantizedWeight), typeof(PackedCodes))]
    public async Task Weights_BeforeMeanwhileAndAfter_GiveTheSameProducts(string? codes, Type rows, Type packed)
    {
        LlamaConfig config = SmallLlama.Config with { VocabSize = 208, LayerCount = 3, HiddenSize = 128, IntermediateSize = 256, HeadDim = 32 };
        RandomCheckpoint.Write(_folder, config, TensorDtype.BF16, seed: 1);
        string folder = codes is null ? _folder : Quantised(codes);
        BackgroundPacking background = new();
        using LlamaWeights weights = new(new PackedWeights(WeightSource.Open(folder, WeightFormat.Parse("auto"), HostMemory.Instance), background));
        Assert.Equal(weights.StepByteCount - weights.Layers.Sum(layer => layer.Attention.Norm.ByteCount + layer.Mlp.Norm.ByteCount) - weights.FinalNorm!.ByteCount, background.Bytes);
        IKernels kernels = SimdKernels.Create(ScalarType.BFloat16, deterministic: false);
        float[] before = Products(kernels, weights);
        Assert.False(background.End.IsCompleted);
        Assert.All(Queries(weights), form => Assert.IsType(rows, form));
        background.Start();
        while (!background.End.IsCompleted) AssertClose(before, Products(kernels, weights));
        await background.End;
        AssertClose(before, Products(kernels, weights));
        Assert.All(Queries(weights), form => Assert.IsType(packed, form));
        Assert.IsType<DenseWeight>(weights.Embedding); // which is read by rows
    }

    [GeneratedCodeFact]
    public void Rows_OnceThereIsACopyAndOnceItIsUsed_AreLetGoOf()
    {
        int letGo = 0;
        using PackingWeight weight = new(new DenseWeight(Matrix.Of(rand(32, 64).to(ScalarType.BFloat16))), () => letGo++);
        Assert.IsType<DenseWeight>(weight.Current);
        weight.Pack(new WeightPacker());
        Assert.Equal(1, letGo); // though they may be read at this moment, and then come back
        Assert.IsType<PackedWeight>(weight.Current);
        Assert.Same(weight.Current, weight.Current);
        Assert.Equal(2, letGo);
        Assert.Equal(weight.ByteCount, weight.Current.ByteCount);
    }

    [GeneratedCodeFact]
    public void Stop_BeforeItsEnd_LeavesTheRestInRows()
    {
        BackgroundPacking background = new();
        PackingWeight[] weights = [.. Enumerable.Range(0, 200).Select(_ => new PackingWeight(new DenseWeight(Matrix.Of(rand(64, 512).to(ScalarType.BFloat16))), () => { }))];
        foreach (PackingWeight weight in weights) background.Add(weight);
        background.Stop(); // before it began: it will pack none
        background.Start();
        background.Stop();
        Assert.True(background.End.IsCompleted);
        Assert.All(weights, weight => Assert.IsType<DenseWeight>(weight.Current));
        foreach (PackingWeight weight in weights) weight.Dispose();
    }

    [GeneratedCodeFact]
    public async Task End_WhereAWeightCannotBePacked_SaysSoAndTheRestIsMultipliedAsItLies()
    {
        BackgroundPacking background = new();
        using PackingWeight broken = new(new DenseWeight(Matrix.Of(rand(32, 64).to(ScalarType.BFloat16))), () => throw new IOException("no more memory for code"));
        using PackingWeight rest = new(new DenseWeight(Matrix.Of(rand(32, 64).to(ScalarType.BFloat16))), () => { });
        background.Add(broken);
        background.Add(rest);
        background.Start();
        Assert.Contains("slower: no more memory for code", (await Assert.ThrowsAsync<InvalidOperationException>(() => background.End)).Message);
        Assert.IsType<DenseWeight>(rest.Current);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Quantised(string type)
    {
        Assert.True(QuantizationType.TryParse(type, out QuantizationType parsed));
        string target = Directory.CreateDirectory(Path.Combine(_folder, "quantised")).FullName;
        CheckpointQuantizer.Write(_folder, target, QuantizationPlan.Of(parsed), new Progress<double>());
        return target;
    }

    private static IEnumerable<Weight> Queries(LlamaWeights weights) => weights.Layers.Select(layer => PackingWeight.CurrentOf(layer.Attention.Query));

    private static float[] Products(IKernels kernels, LlamaWeights weights)
    {
        List<float> values = [];
        foreach (LayerWeights layer in weights.Layers)
        {
            AttentionWeights attention = layer.Attention;
            using Matrix input = Matrix.Of(linspace(-1, 1, 3 * attention.Query.Inputs).reshape(3, -1)), queries = Matrix.Of(zeros(3, attention.Query.Outputs)), keys = Matrix.Of(zeros(3, attention.Key.Outputs));
            kernels.Linear(input, [new(attention.Query, queries), new(attention.Key, keys)]);
            values.AddRange(queries.Tensor.data<float>().ToArray());
            values.AddRange(keys.Tensor.data<float>().ToArray());
        }
        return [.. values];
    }

    private static void AssertClose(float[] expected, float[] actual) => Assert.Equal(expected, actual, (one, other) => Math.Abs(one - other) < 1e-4f);
}
