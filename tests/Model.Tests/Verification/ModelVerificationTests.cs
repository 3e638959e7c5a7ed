using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using Llama.Model.Kernels.Simd;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Kernels;
using Llama.Model.Verification;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Verification;

/// <summary>A verification that finds nothing is worth as much as what it finds when something is broken.</summary>
[HoldsTensors]
public sealed class ModelVerificationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-verification-").FullName;

    public ModelVerificationTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ModelOptions Options => new() { Path = _folder, Device = "cpu", Threads = 1 };

    [Theory]
    [InlineData(nameof(IKernels.Embed), "embedding")]
    [InlineData(nameof(IKernels.RmsNorm), "RMSNorm")]
    [InlineData(nameof(IKernels.Linear), "product")]
    [InlineData(nameof(IKernels.LinearAdd), "product added")]
    [InlineData(nameof(IKernels.SiluMultiply), "SiLU")]
    [InlineData(nameof(IKernels.TakeRows), "rows")]
    [InlineData(nameof(IKernels.RotateAndStore), "RoPE and attention")]
    [InlineData(nameof(IKernels.Attend), "RoPE and attention")]
    [InlineData(nameof(IKernels.CopyBlocks), "copied blocks")]
    public void Kernels_OneBroken_IsNamed(string broken, string check)
    {
        KernelSide Side(ModelOptions options, LlamaConfig config)
        {
            ScalarType dtype = WeightFormat.Parse(options.Dtype).Dtype;
            return new KernelSide(HostBackend.Fused(dtype, deterministic: true), new BrokenKernels(SimdKernels.Create(dtype, deterministic: true), broken));
        }

        CheckResult[] results = [.. new KernelSuite(Side, Options, "scalar", CheckedTypes.All, [SmallLlama.Config]).Run()];

        Assert.Contains(results, result => !result.Passed && result.Check.StartsWith(check, StringComparison.Ordinal));
        if (broken is not (nameof(IKernels.RmsNorm) or nameof(IKernels.Linear) or nameof(IKernels.SiluMultiply) or nameof(IKernels.RotateAndStore) or nameof(IKernels.Attend))) // those take others along
            Assert.All(results, result => Assert.Equal(!result.Check.StartsWith(check, StringComparison.Ordinal), result.Passed));
    }

    [Fact]
    public void Kernels_OneThrows_FailsThatCheckWithItsReason()
    {
        KernelSide Side(ModelOptions options, LlamaConfig config) => new(HostBackend.Fused(ScalarType.Float32, deterministic: false), null!);

        CheckResult first = new KernelSuite(Side, Options, "scalar", CheckedTypes.All, [SmallLlama.Config]).Run().First();

        Assert.False(first.Passed);
        Assert.Contains(nameof(NullReferenceException), first.Note);
    }

    [GeneratedCodeFact]
    public void CodesOfFiles_ArePackedAsTheFilesAre() => Assert.All(BlockFormat.All, format =>
    {
        using QuantizedWeight weight = RandomFileCodes.Make(format, outputs: 32, inputs: 512, seed: 1);
        using PackedCodes packed = new WeightPacker().Pack(weight);
        Assert.Equal((format.Packed, format.PackedBytes(32, 512)), (new PackedValues(packed.Form.Bits, packed.Form.Scales, packed.Form.HasTable), packed.ByteCount));
    });

    [Fact]
    public void Kernels_WithCodesOfFiles_AreCheckedForEachType()
    {
        LlamaConfig shape = SmallLlama.Config with { HiddenSize = 256 }; // whole blocks of every type
        CheckResult[] results = [.. new KernelSuite(KernelSuite.SideOf, Options, "scalar", CheckedTypes.All, [shape]).Run()];
        Assert.All(results, result => Assert.True(result.Passed, $"{result}"));
        Assert.All(BlockFormat.All, format => Assert.Contains(results, result => result.Check == $"product, {format.Type.Name}"));
    }

    [CudaEmulatorFact]
    public void Kernels_OnTheEmulatedDevice_PassEveryCheck()
    {
        IReadOnlyList<CheckedTypes> types = CheckedTypes.On([new EmulatedDevice().Choice]);
        KernelSide Side(ModelOptions options, LlamaConfig config)
        {
            WeightFormat format = WeightFormat.Parse(options.Dtype);
            IBackend backend = new EmulatedDevice().Choice.Create(format.Dtype, deterministic: false);
            StepSize size = new(KernelChecks.MaxTokens, KernelChecks.MaxTokens, config.ContextLength, KernelChecks.BlockSize);
            return new KernelSide(backend, backend.CreateKernels(config, size, KvCache.DtypeOf(options.KvDtype, format.Dtype)));
        }

        Assert.All(new KernelSuite(Side, Options, "scalar", types, [SmallLlama.Config]).Run(), result => Assert.True(result.Passed, $"{result}"));
    }

    [Fact]
    public void LeftOut_IsWhatADeviceRefuses_WithItsReason()
    {
        BackendChoice cpu = BackendChoice.Of(Options), cuda = new EmulatedDevice().Choice;
        Assert.Empty(ModelVerification.LeftOut([cpu]));
        Assert.Equal(CheckedTypes.All, CheckedTypes.On([cpu]));

        Assert.Equal(["int8-outliers left out: Weights in int8-outliers are multiplied on a CPU only; use Model:Device=cpu, or Model:Dtype=int8."], ModelVerification.LeftOut([cpu, cuda]));
        Assert.Equal(CheckedTypes.All.Where(types => types.Dtype != "int8-outliers"), CheckedTypes.On([cuda]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Models_RunnerThatIsWrong_FailsTheChecksItBreaks(bool onlyInCompany)
    {
        IModelRunner Load(ModelOptions options) => options.Kernels == "scalar" ? ModelRunner.Load(options) : new BrokenRunner(ModelRunner.Load(options), onlyInCompany);
        using RandomModel tiny = new(RandomModel.Shapes[0]);

        Assert.Equal(onlyInCompany, new ModelChecks(Load, Options, "scalar").Logprobs("tiny", tiny.Folder, 40, "float32", "auto", 1e-4).Passed);
        Assert.Equal(!onlyInCompany, new LawChecks(Load, Options).Run(tiny, "float32").Passed);
    }

    [Fact]
    public void Models_RunnerThatIsRight_PassesEverything()
    {
        using RandomModel tiny = new(RandomModel.Shapes[2]);
        ModelChecks checks = new(ModelRunner.Load, Options, "scalar");

        Assert.All([checks.Logprobs("tiny", tiny.Folder, 40, "bfloat16", "int8", 1e-2), checks.Text("tiny", tiny.Folder, 40), new LawChecks(ModelRunner.Load, Options).Run(tiny, "int4")], result => Assert.True(result.Passed, $"{result}"));
    }
}
