using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Planning;
using Llama.Model.Quantization;
using Llama.Model.Tests.Offload;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Planning;

/// <summary>A plan is what loading then does: it says so beforehand.</summary>
public sealed class ModelPlannerTests : IDisposable
{
    private const int BlockBytes = 5 * 2 * 16 * 2 * 16 * 2; // layers, keys and values, tokens, heads, width, bytes

    private readonly string _folder = Directory.CreateTempSubdirectory("llama-plan-").FullName;

    public ModelPlannerTests() => RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 5 }, TensorDtype.BF16, seed: 1);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("cpu", 1, "auto", "auto")]
    [InlineData("cpu", 1, "float32", "int8")]
    [InlineData("cpu", 1, "int8", "auto")]
    [InlineData("cpu", 1, "int8-outliers", "auto")]
    [InlineData("cpu", 1, "int4-g32-zp", "auto")]
    [InlineData("cpu:0,cpu:1", 1, "bfloat16", "auto")]
    [InlineData("cpu:0,cpu:1,cpu:2", 1, "int4", "float32")]
    [InlineData("cpu", 2, "float32", "auto")]
    [InlineData("cpu:0,cpu:1", 2, "int8-outliers", "auto")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 2, "bfloat16", "int8")]
    [InlineData("cpu:0,cpu:1,cpu:2,cpu:3", 2, "int4-g32", "auto")]
    public void Make_AnyForm_WeighsAndPlacesAsLoadingDoes(string device, int shared, string dtype, string kvDtype)
    {
        ModelOptions options = Options(device) with { TensorParallel = shared, Dtype = dtype, KvDtype = kvDtype, BlockCount = 9 };

        ModelPlan plan = ModelPlanner.Make(options, []);

        using ModelRunner runner = ModelRunner.Load(options);
        Assert.Null(plan.Fault);
        Assert.Equal(runner.Description.WeightBytes, plan.Devices.Sum(part => part.WeightBytes));
        Assert.Equal(runner.Description.Devices.Select(part => (part.Name, part.WeightBytes, part.CacheBytes)), plan.Devices.Select(part => (part.Name, part.WeightBytes, part.CacheBytes)));
        Assert.Equal(runner.Limits.BlockCount * runner.Limits.BlockSize, plan.CacheTokens);
        Assert.StartsWith(plan.Types, runner.Description.Dtype);
        Assert.Contains($"{plan.Devices.Sum(part => part.CacheBytes) >> 20:N0} MiB", runner.Description.KvCache);
        if (plan.Devices.Count > 1) Assert.All(plan.Devices, part => Assert.Contains($"{part.Name}: {part.Holds}", runner.Description.Device));
    }

    // One matrix is embedding and head: of codes too, since the processor reads their rows.
    [Theory]
    [InlineData("cpu", "bfloat16")]
    [InlineData("cpu", "int8")]
    [InlineData("cpu:0,cpu:1", "int4")]
    public void Make_TiedHead_WeighsAsLoadingDoes(string device, string dtype)
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { LayerCount = 5, TieWordEmbeddings = true }, TensorDtype.BF16, seed: 1);
        ModelOptions options = Options(device) with { Dtype = dtype, BlockCount = 9 };
        using ModelRunner runner = ModelRunner.Load(options);
        Assert.Equal(runner.Description.Devices.Select(part => part.WeightBytes), ModelPlanner.Make(options, []).Devices.Select(part => part.WeightBytes));
    }

    // Needs grow with the number of devices only by what each has for itself, and no layer is lost.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public void Make_DevicesThatAreNotHere_HoldEveryLayerOnce(int count)
    {
        AssumedDevice[] devices = [.. Enumerable.Range(0, count).Select(i => new AssumedDevice($"cuda:{i}", 1L << 30))];

        ModelPlan plan = ModelPlanner.Make(Options("auto"), devices), whole = ModelPlanner.Make(Options("auto"), [new AssumedDevice("cpu", 1L << 30)]);

        Assert.Equal(Enumerable.Range(0, 5), plan.Devices.SelectMany(part => Enumerable.Range(part.FirstLayer, part.LayerBytes.Length)));
        Assert.Equal(whole.Devices[0].WeightBytes, plan.Devices.Sum(part => part.WeightBytes));
        Assert.Equal(devices.Select(device => device.Name), plan.Devices.Select(part => part.Name));
    }

    [Fact]
    public void Make_GroupsThatShareLayers_HoldALayerTogetherAndNeedTheirOwnRoomEach()
    {
        AssumedDevice[] devices = [.. Enumerable.Range(0, 4).Select(i => new AssumedDevice($"cuda:{i}", 1L << 30))];
        ModelOptions options = Options("auto") with { TensorParallel = 2 };

        ModelPlan plan = ModelPlanner.Make(options, devices);

        Assert.Null(plan.Fault);
        Assert.Equal([0, 0, 3, 3], plan.Devices.Select(part => part.FirstLayer));
        Assert.Equal("embedding, layers 0 to 2 in shares of 2: 2 of 4 heads, 48 of 96 MLP columns, 112 of 200 tokens", plan.Devices[0].Holds);
        Assert.True(plan.Devices[2].BufferBytes - plan.Devices[3].BufferBytes >= options.MaxSequences * SmallLlama.Config.VocabSize * sizeof(float)); // all logits are gathered on the first
        ModelPlan tight = ModelPlanner.Make(options, [devices[0], devices[1] with { FreeBytes = 1000 }, .. devices[2..]]);
        Assert.Contains("cuda:0+cuda:1", tight.Fault); // a group has as much as its smallest device lets it
    }

    [Theory]
    [InlineData("int8-outliers", "fused", "Weights in int8-outliers are multiplied on a CPU only")]
    [InlineData("int8", "plain", "which plain kernels cannot multiply on this device")]
    public void Make_FormThatADeviceCannotMultiply_IsRefused(string dtype, string kernels, string message)
    {
        ModelOptions options = Options("cpu:0,cuda:0") with { Dtype = dtype, Kernels = kernels };
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => ModelPlanner.Make(options, [new AssumedDevice("cpu:0", 1L << 30), new AssumedDevice("cuda:0", 1L << 30)])).Message);
    }

    [Fact]
    public void Make_CacheThatIsSet_CountsWhereLayersAreLaid()
    {
        AssumedDevice[] devices = [new("cuda:0", 4 << 20), new("cuda:1", 4 << 20)];
        ModelOptions options = Options("auto");

        Assert.Null(ModelPlanner.Make(options, devices).Fault);
        Assert.Contains($"the least KV cache {1000 * BlockBytes >> 20} MiB", ModelPlanner.Make(options with { BlockCount = 1000 }, devices).Fault);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, true)]
    [InlineData(1, true)]
    public void Place_WeightsStream_AddsUpToTheLimitButForLessThanABlock(int layers, bool keepsHead)
    {
        ModelOptions options = Options("cpu") with { MaxSequences = 1000 };
        (options, BackendChoice choice) = LimitedModel.Of(options, BackendChoice.Of(options), layers, keepsHead);

        DevicePlan device = Assert.Single(ModelPlanner.Place(options, [choice], [choice.FreeBytes()]).Devices);

        Assert.InRange(choice.MemoryLimit!.Value - device.TotalBytes, 0, BlockBytes - 1);
        using ModelRunner runner = ModelRunner.Load(options, choice);
        Assert.Equal(runner.Limits.BlockCount * BlockBytes, device.CacheBytes);
    }

    // What a process has taken is its own affair: a plan is for one that serves.
    [Theory]
    [InlineData("cpu", "fused")]
    [InlineData("cpu:0,cpu:1", "fused")]
    [InlineData("cpu", "scalar")]
    public void Place_InAnyProcess_AssumesTheSameOne(string device, string kernels)
    {
        ModelOptions options = Options(device) with { MemoryLimit = "1GiB", Kernels = kernels };
        ModelPlan plan = ModelPlanner.Make(options, []);
        byte[] taken = GC.AllocateArray<byte>(64 << 20, pinned: true);
        Array.Fill(taken, (byte)1);
        Assert.Equal(plan.Devices.Select(each => each.BaseBytes), ModelPlanner.Make(options, []).Devices.Select(each => each.BaseBytes));
        Assert.InRange(plan.Devices.Sum(each => each.BaseBytes), 128 << 20, 256 << 20);
        GC.KeepAlive(taken);
    }

    [Fact]
    public void Make_TooLittleMemory_SaysWhereAndEveryRemedyFits()
    {
        LlamaConfig wide = SmallLlama.Config with { HiddenSize = 512, IntermediateSize = 1376, HeadCount = 8, KvHeadCount = 8, HeadDim = 64, LayerCount = 5, VocabSize = 2000 };
        RandomCheckpoint.WriteEmpty(_folder, wide, TensorDtype.BF16);
        ModelOptions options = Options("auto");
        DevicePlan all = ModelPlanner.Make(options, [new AssumedDevice("cuda:0", 1L << 30)]).Devices[0];
        long some = (long)(0.7 * all.WeightBytes) + all.ActivationBytes + all.BufferBytes + (2 << 20); // 1.25 MiB are a sequence's cache

        ModelPlan plan = ModelPlanner.Make(options, [new AssumedDevice("cuda:0", some)]);

        Assert.StartsWith("cuda:0 has ", plan.Fault);
        Assert.False(plan.Devices[0].Fits);
        Assert.Contains("Model:Dtype=int4", plan.Remedies);
        Assert.Contains(plan.Remedies, remedy => remedy.StartsWith("2 devices", StringComparison.Ordinal));
        Assert.All(plan.Remedies, remedy => Assert.Null(ModelPlanner.Make(With(remedy), [.. Enumerable.Range(0, remedy.StartsWith("2 devices", StringComparison.Ordinal) ? 2 : 1).Select(i => new AssumedDevice($"cuda:{i}", some))]).Fault));

        ModelOptions With(string remedy) => remedy.Split('=', ',') switch
        {
            ["Model:Dtype", string type] => options with { Dtype = type },
            ["Model:KvDtype", string type] => options with { KvDtype = type },
            ["Model:ContextLength", string length] => options with { ContextLength = int.Parse(length) },
            ["Model:MemoryLimit", string limit, ..] => options with { MemoryLimit = limit },
            _ => options, // more devices
        };
    }

    // What a server finds free later is less than what a plan found: other programs have taken some.
    [Fact]
    public void Make_MemoryThatGoesWhileRemediesAreTried_IsMeasuredOnceAndTheLimitLeavesSome()
    {
        const long free = 512 << 20;
        RandomCheckpoint.WriteEmpty(_folder, SmallLlama.Config with { HiddenSize = 2048, IntermediateSize = 8192, HeadCount = 32, KvHeadCount = 32, HeadDim = 64, LayerCount = 8 }, TensorDtype.BF16);
        int asked = 0;

        ModelPlan plan = ModelPlanner.Make(Options("cpu"), new FreeMemory([], _ => free >> asked++));

        Assert.NotNull(plan.Fault);
        Assert.Equal(1, asked);
        string limit = Assert.Single(plan.Remedies, remedy => remedy.StartsWith("Model:MemoryLimit=480MiB", StringComparison.Ordinal));
        Assert.Null(ModelPlanner.Make(Options("cpu") with { MemoryLimit = limit.Split('=', ',')[1] }, [new AssumedDevice("cpu", 480 << 20)]).Fault);
    }

    [Theory]
    [InlineData("2GiB", "cpu has 1,024 MiB; ")]
    [InlineData("1MiB", "The smallest that works is ")]
    public void Make_LimitThatDoesNotWork_AdvisesOneThatDoes(string limit, string fault)
    {
        RandomCheckpoint.WriteEmpty(_folder, SmallLlama.Config with { HiddenSize = 2048, IntermediateSize = 8192, HeadCount = 32, KvHeadCount = 32, HeadDim = 64, LayerCount = 8 }, TensorDtype.BF16);

        ModelPlan plan = ModelPlanner.Make(Options("cpu") with { MemoryLimit = limit, BlockCount = 600 }, [new AssumedDevice("cpu", 1L << 30)]);

        Assert.Contains(fault, plan.Fault);
        Assert.Contains(plan.Remedies, remedy => remedy.StartsWith("Model:MemoryLimit=1024MiB", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cpu", false)]
    [InlineData("cpu:0", false)]
    [InlineData("cuda:0", true)]
    public void Make_TooLittleMemory_AdvisesMoreDevicesThatBringTheirOwn(string device, bool expected)
    {
        RandomCheckpoint.WriteEmpty(_folder, SmallLlama.Config with { HiddenSize = 2048, IntermediateSize = 8192, HeadCount = 32, KvHeadCount = 32, HeadDim = 64, LayerCount = 8 }, TensorDtype.BF16);

        ModelPlan plan = ModelPlanner.Make(Options("auto"), [new AssumedDevice(device, 512 << 20)]);

        Assert.NotNull(plan.Fault);
        Assert.Equal(expected, plan.Remedies.Any(remedy => remedy.Contains(" devices, ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Make_DevicesAndSettingsThatDoNotGoTogether_AreNamed()
    {
        Assert.Contains("names cuda:1; say with --devices how much memory that has", Fault("cuda:0,cuda:1", "cuda:0"));
        Assert.Contains("--devices names cuda:1, and Model:Device does not", Fault("cuda", "cuda:0", "cuda:1"));
        Assert.Contains("6 devices, and the model has 5 layers", Fault("auto", "cpu:0", "cpu:1", "cpu:2", "cpu:3", "cpu:4", "cpu:5"));
        Assert.Contains("use auto, cpu, cuda", Fault("auto", "gpu"));

        string Fault(string device, params string[] assumed) =>
            Assert.Throws<ArgumentException>(() => ModelPlanner.Make(Options(device), [.. assumed.Select(name => new AssumedDevice(name, 1L << 30))])).Message;
    }

    [Fact]
    public void Make_GroupsOfCodesThatCannotBeCut_AreRefusedInTheWordsOfLoading()
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { HeadDim = 20, LayerCount = 2, Quantization = QuantizationPlan.Of(QuantizationType.Int4) }, TensorDtype.BF16, seed: 1);
        ModelOptions options = Options("cpu") with { TensorParallel = 2 };
        string planned = Assert.Throws<ArgumentException>(() => ModelPlanner.Make(options, [])).Message;
        Assert.Contains("o_proj.weight at column 40, within a group of 64 codes", planned);
        Assert.Equal(planned, Assert.Throws<ArgumentException>(() => ModelRunner.Load(options)).Message);
    }

    private ModelOptions Options(string device) => new() { Path = _folder, Device = device, MaxBatchTokens = 64, MaxSequences = 8, Threads = 2 };
}
