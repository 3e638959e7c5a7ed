using System.Text.Json.Nodes;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;
using Llama.Model.Quantization;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Quantization;

/// <summary>Checkpoints that were quantised ahead: as good as quantising while loading, mapped as they lie, and checked as strictly as any other.</summary>
[HoldsTensors]
public sealed class QuantizedCheckpointTests : IDisposable
{
    private readonly string _source = Directory.CreateTempSubdirectory("llama-source").FullName, _target = Directory.CreateTempSubdirectory("llama-quantised").FullName;

    // 96 and 64 inputs: rows that fill their chunks, and rows that do not.
    public QuantizedCheckpointTests() => RandomCheckpoint.Write(_source, SmallLlama.Config, TensorDtype.BF16, seed: 3);

    [Theory]
    [InlineData("int8", false)]
    [InlineData("int8-g64", true)]
    [InlineData("int4", true)]
    [InlineData("int4-g64-zp", false)]
    [InlineData("int8-outliers", true)]
    public void Write_ThenLoad_IsBitwiseWhatLoadingQuantises(string name, bool isTied)
    {
        if (isTied) RandomCheckpoint.Write(_source, SmallLlama.Config with { TieWordEmbeddings = true }, TensorDtype.BF16, seed: 3);
        QuantizationPlan plan = PlanOf(name);
        CheckpointQuantizer.Write(_source, _target, plan, new Progress<double>());
        using IWeightSource ahead = Open(_target, keepsQuantised: true), atLoad = new QuantizingWeights(Open(_source, keepsQuantised: true), plan);
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(ahead.Config).Where(tensor => tensor.Shape.Length == 2))
        {
            using Weight one = ahead.Weight(tensor.Name), other = atLoad.Weight(tensor.Name);
            Assert.Equal(plan.TypeOf(tensor.Name, isTied) is not null, OutlierWeight.CodesOf(one) is QuantizedWeight);
            Assert.Equal(one.GetType(), other.GetType());
            if (OutlierWeight.CodesOf(one) is QuantizedWeight a && OutlierWeight.CodesOf(other) is QuantizedWeight b) AssertEqual(a, b);
            if (one is OutlierWeight split && other is OutlierWeight second) Assert.True(split.Columns.Widen().eq(second.Columns.Widen()).all().item<bool>());
            Assert.True(one.Widen().eq(other.Widen()).all().item<bool>());
        }
    }

    [Fact]
    public void Write_Codes_LieOnRegisterBordersInTheFile()
    {
        CheckpointQuantizer.Write(_source, _target, QuantizationPlan.Of(QuantizationType.Int4), new Progress<double>());
        using Checkpoint checkpoint = Checkpoint.Open(_target);
        Assert.All(checkpoint.Tensors.Where(tensor => tensor.Dtype == "U8"), tensor => Assert.Equal(0, tensor.Offset % QuantizedWeight.Chunk));
    }

    [Fact]
    public void Write_OtherFilesAndKeys_AreKept()
    {
        File.WriteAllText(Path.Combine(_source, "tokenizer.model"), "pieces");
        File.WriteAllText(Path.Combine(_source, "pytorch_model.bin"), "pickle");
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(_source, "config.json")))!;
        config["torch_dtype"] = "bfloat16";
        File.WriteAllText(Path.Combine(_source, "config.json"), config.ToJsonString());
        IReadOnlyList<QuantizedKind> kinds = CheckpointQuantizer.Write(_source, _target, QuantizationPlan.Of(QuantizationType.Int8), new Progress<double>());

        Assert.Equal(["config.json", "model.safetensors", "tokenizer.model"], Directory.GetFiles(_target).Select(Path.GetFileName).Order());
        Assert.Equal("bfloat16", (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(_target, "config.json")))!["torch_dtype"]);
        Assert.Equal(SmallLlama.Config with { Quantization = QuantizationPlan.Of(QuantizationType.Int8) }, LlamaConfig.Load(_target));
        Assert.All(kinds, kind => Assert.InRange(kind.Error, kind.Type is null ? 0 : 1e-4, kind.Type is null ? 0 : 0.02));
        using Checkpoint checkpoint = Checkpoint.Open(_target);
        Assert.Equal(checkpoint.ByteCount, kinds.Sum(kind => kind.BytesAfter));
    }

    [Fact]
    public void Write_WithColumns_LosesNothing()
    {
        CheckpointQuantizer.Write(_source, _target, PlanOf("int8-outliers"), new Progress<double>());
        Assert.Equal(PlanOf("int8-outliers"), LlamaConfig.Load(_target).Quantization);
        using IWeightSource before = Open(_source, keepsQuantised: true), after = Open(_target, keepsQuantised: false);
        foreach (CheckpointLayout.ExpectedTensor tensor in CheckpointLayout.Expected(before.Config).Where(tensor => tensor.Shape.Length == 2))
        {
            using Weight one = before.Weight(tensor.Name), other = after.Weight(tensor.Name);
            Assert.True(one.Widen().eq(other.Widen()).all().item<bool>(), tensor.Name);
        }
    }

    [Fact]
    public void Load_OutliersOfCodesAlone_IsRefusedWithTheRemedy()
    {
        CheckpointQuantizer.Write(_source, _target, QuantizationPlan.Of(QuantizationType.Int4), new Progress<double>());
        ArgumentException error = Assert.Throws<ArgumentException>(() => ModelRunner.Load(new ModelOptions { Path = _target, Device = "cpu", Dtype = "int8-outliers" }));
        Assert.Equal("Model:Dtype=int8-outliers needs the weights in 16 bits too, and this model holds them in int4-g64 alone; use the model that it was made from, or Model:Dtype=auto.", error.Message);
    }

    [Theory]
    [InlineData("auto", "int8-outliers weights (auto), int8-outliers head, inputs from 6 on in 16 bits")]
    [InlineData("int8-outliers", "int8-outliers weights (as set), int8-outliers head, inputs from 6 on in 16 bits")]
    [InlineData("int8", "int8-row weights (as set), int8-row head")]
    public void Load_FolderWithColumns_HoldsWhatTheSettingAsksFor(string dtype, string description)
    {
        CheckpointQuantizer.Write(_source, _target, PlanOf("int8-outliers"), new Progress<double>());
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _target, Device = "cpu", Dtype = dtype });
        Assert.StartsWith(description + ",", runner.Description.Dtype);
    }

    [Fact]
    public void Stored_WithColumns_StreamsIfQuantisedAheadAndElseNamesTheRemedy()
    {
        CheckpointQuantizer.Write(_source, _target, PlanOf("int8-outliers"), new Progress<double>());
        using IWeightSource ahead = Open(_target, keepsQuantised: true), atLoad = new QuantizingWeights(Open(_source, keepsQuantised: true), PlanOf("int8-outliers"));
        Assert.Equal(ahead.Config.VocabSize, ahead.Stored("lm_head.weight", ScalarType.BFloat16).Outputs);
        Assert.Contains("with --type int8-outliers", Assert.Throws<ArgumentException>(() => atLoad.Stored("lm_head.weight", ScalarType.BFloat16)).Message);
    }

    [Fact]
    public void Write_QuantisedSource_IsRefused()
    {
        CheckpointQuantizer.Write(_source, _target, QuantizationPlan.Of(QuantizationType.Int8), new Progress<double>());
        string third = Path.Combine(_target, "third");
        CheckpointException error = Assert.Throws<CheckpointException>(() => CheckpointQuantizer.Write(_target, third, QuantizationPlan.Of(QuantizationType.Int4), new Progress<double>()));
        Assert.Contains("quantised already (int8-row)", error.Message);
    }

    [Fact]
    public void Verify_ConfigurationOfAnotherForm_NamesEveryTensorThatDoesNotFit()
    {
        CheckpointQuantizer.Write(_source, _target, QuantizationPlan.Of(new QuantizationType(8, 32, true)), new Progress<double>());
        Change(config => config["quantization_config"]!["group_size"] = 64);
        Assert.Contains("model.layers.1.mlp.down_proj.weight.scales is [64, 3]; config.json makes it [64, 2]", Faults());
        Change(config => config["quantization_config"]!["outlier_columns"] = true);
        Assert.Contains("bits, group_size and symmetric make int8-g64-outliers; expected one of", Faults());
        Change(config => config["quantization_config"]!["outlier_columns"] = false);
        Change(config => config["quantization_config"]!["symmetric"] = false);
        Assert.Contains("bits, group_size and symmetric make int8-g64-zp; expected one of", Faults());
        Change(config => config["quantization_config"]!["quant_method"] = "gptq");
        Assert.Contains("use the unquantised checkpoint", Faults());
        Change(config => config.AsObject().Remove("quantization_config"));
        Assert.Contains("lm_head.weight.codes is part of a quantised checkpoint, which the quantization_config of config.json does not describe", Faults());
    }

    [Theory]
    [InlineData("auto", "int4-g64 weights (auto), int8-row head")]
    [InlineData("int4", "int4-g64 weights (as set), int8-row head")]
    [InlineData("int8-g128", "int8-g128 weights (as set), int8-g128 head")]
    [InlineData("bfloat16", "bfloat16 weights (as set)")]
    public void Load_QuantisedFolder_HoldsWhatTheSettingAsksFor(string dtype, string description)
    {
        CheckpointQuantizer.Write(_source, _target, QuantizationPlan.Of(QuantizationType.Int4), new Progress<double>());
        using ModelRunner runner = ModelRunner.Load(new ModelOptions { Path = _target, Device = "cpu", Dtype = dtype });
        Assert.Contains(description, runner.Description.Dtype);
    }

    public void Dispose()
    {
        Directory.Delete(_source, recursive: true);
        Directory.Delete(_target, recursive: true);
    }

    private void Change(Action<JsonNode> change)
    {
        string path = Path.Combine(_target, "config.json");
        JsonNode config = JsonNode.Parse(File.ReadAllText(path))!;
        change(config);
        File.WriteAllText(path, config.ToJsonString());
    }

    private string Faults() => Assert.Throws<CheckpointException>(() =>
    {
        using Checkpoint checkpoint = Checkpoint.Open(_target);
        checkpoint.Verify();
    }).Message;

    private static QuantizationPlan PlanOf(string name)
    {
        Assert.True(QuantizationType.TryParse(name, out QuantizationType type));
        return QuantizationPlan.Of(type);
    }

    private static PlacedWeights Open(string folder, bool keepsQuantised)
    {
        Checkpoint checkpoint = Checkpoint.Open(folder);
        checkpoint.Verify();
        return new PlacedWeights(new SafetensorsWeights(checkpoint, keepsQuantised, ScalarType.BFloat16), HostMemory.Instance, ScalarType.BFloat16);
    }

    private static void AssertEqual(QuantizedWeight one, QuantizedWeight other)
    {
        Assert.Equal((one.Bits, one.GroupSize, one.Inputs, one.Outputs), (other.Bits, other.GroupSize, other.Inputs, other.Outputs));
        Assert.True(one.Codes.Tensor.eq(other.Codes.Tensor).all().item<bool>());
        Assert.True(one.Scales.Tensor.eq(other.Scales.Tensor).all().item<bool>());
        Assert.Equal(one.Minima is null, other.Minima is null);
        if (one.Minima is not null) Assert.True(one.Minima.Tensor.eq(other.Minima!.Tensor).all().item<bool>());
    }
}
