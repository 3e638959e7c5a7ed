using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Quantization;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Checkpoints;

[HoldsTensors]
public sealed class RandomCheckpointTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TensorDtype.F32, false)]
    [InlineData(TensorDtype.F16, true)]
    [InlineData(TensorDtype.BF16, false)]
    public void Write_AnyDtype_OpensVerifiesAndHasTheScalesOfAModel(TensorDtype dtype, bool tied)
    {
        LlamaConfig config = TestConfig.Tiny with { TieWordEmbeddings = tied };
        RandomCheckpoint.Write(_folder.Path, config, dtype, seed: 7);

        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        checkpoint.Verify();

        Assert.Equal(config, checkpoint.Config);
        Assert.Equal(RandomCheckpoint.ByteCount(config, dtype), checkpoint.ByteCount);
        using Matrix upMatrix = HostMemory.Instance.Place(checkpoint.Tensors.Map("model.layers.1.mlp.up_proj.weight"), ScalarType.Float32), norm = HostMemory.Instance.Place(checkpoint.Tensors.Map("model.norm.weight"), ScalarType.Float32);
        Tensor up = upMatrix.Tensor;
        Assert.Equal([config.IntermediateSize, config.HiddenSize], up.shape);
        Assert.InRange(up.mean().item<float>(), -0.01f, 0.01f);
        Assert.InRange(up.std().item<float>() * MathF.Sqrt(config.HiddenSize), 0.97f, 1.03f);
        Assert.InRange(norm.Tensor.mean().item<float>(), 0.9f, 1.1f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_Cancelled_LeavesNoWeights(bool inCodes)
    {
        LlamaConfig config = TestConfig.Tiny with { Quantization = inCodes ? QuantizationPlan.Of(QuantizationType.Int8) : null };
        Assert.ThrowsAny<OperationCanceledException>(() => RandomCheckpoint.Write(_folder.Path, config, TensorDtype.BF16, seed: 7, new CancellationToken(canceled: true)));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.safetensors*"));
    }

    [Fact]
    public void Write_SameSeed_WritesTheSameBytesAndAnotherSeedOthers()
    {
        byte[] WriteOnce(ulong seed)
        {
            RandomCheckpoint.Write(_folder.Path, TestConfig.Tiny, TensorDtype.BF16, seed);
            return File.ReadAllBytes(_folder.In("model.safetensors"));
        }
        byte[] first = WriteOnce(1);
        Assert.Equal(first, WriteOnce(1));
        Assert.NotEqual(first, WriteOnce(2));
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("int8-outliers")]
    [InlineData("int4-g32-zp")]
    public void Write_InCodes_WritesWhatQuantizingWrites(string name)
    {
        Assert.True(QuantizationType.TryParse(name, out QuantizationType? type));
        string full = Directory.CreateDirectory(_folder.In("full")).FullName, quantised = Directory.CreateDirectory(_folder.In("quantised")).FullName, written = _folder.In("written");
        RandomCheckpoint.Write(full, TestConfig.Tiny, TensorDtype.BF16, seed: 3);
        CheckpointQuantizer.Write(full, quantised, QuantizationPlan.Of(type), new Progress<double>());

        RandomCheckpoint.Write(written, TestConfig.Tiny with { Quantization = QuantizationPlan.Of(type) }, TensorDtype.BF16, seed: 3);

        Assert.Equal(File.ReadAllBytes(Path.Combine(quantised, "model.safetensors")), File.ReadAllBytes(Path.Combine(written, "model.safetensors")));
    }

    [Fact]
    public void Fill_AnyStart_GivesTheSameElements()
    {
        float[] whole = new float[100], part = new float[37];
        RandomWeights.Fill(whole, first: 0, key: 9, mean: 1, deviation: 2);
        RandomWeights.Fill(part, first: 41, key: 9, mean: 1, deviation: 2);
        Assert.Equal(whole[41..78], part);
    }
}
