using Llama.Model.Backends;
using Llama.Model.Checkpoints;
using Llama.Model.Planning;
using Llama.Model.Quantization;
using Llama.Model.Tests.Gguf;
using Llama.Model.Tests.Offload;
using Llama.Tests.Shared;

namespace Llama.Model.Tests;

/// <summary>
/// Every way to lay a model over devices, beside every form of its weights, all kernels, and a cache and kernels that are not the usual ones: each combination draws the tokens that one device draws, reads what
/// it reads as far as the type goes where the layers of a narrow one are shared, or is refused by a sentence with its remedy; and what the plan says beforehand is what loading does.
/// </summary>
public sealed class ModesTests(ModesTests.Models models) : IClassFixture<ModesTests.Models>
{
    private const int Tokens = 6, Chunk = 7, LimitStep = 4096;

    /// <summary>Devices, how many of them share a layer, and whether as little memory as works at all is allowed.</summary>
    private static readonly (string Devices, int Shared, bool IsLimited)[] Ways =
    [
        ("cpu", 1, false), ("cpu", 1, true), ("cpu:0,cpu:1", 1, false), ("cpu:0,cpu:1", 1, true), ("cpu", 2, false), ("cpu", 2, true), ("cpu:0,cpu:1,cpu:2,cpu:3", 2, false), ("cpu:0,cpu:1,cpu:2,cpu:3", 2, true),
    ];

    public static TheoryData<string, int, bool, string, string> Combinations()
    {
        TheoryData<string, int, bool, string, string> all = [];
        foreach ((string devices, int shared, bool isLimited) in Ways)
            foreach ((string model, string dtype) in Models.Forms) all.Add(devices, shared, isLimited, model, dtype);
        return all;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Load_AnyCombination_DrawsWhatOneDeviceDraws_OrIsRefusedWithARemedy(string devices, int shared, bool isLimited, string model, string dtype)
    {
        ModelOptions one = models.Options(model, dtype), several = one with { Device = devices, TensorParallel = shared };
        Dictionary<string, long> limits = []; // by type of the cache: on the processor no other of these settings takes memory
        foreach (string kvDtype in isLimited ? (string[])["auto", "int8"] : []) limits[kvDtype] = LeastLimit(several with { KvDtype = kvDtype });
        foreach (string kernels in (string[])["fused", "plain", "scalar"])
            foreach ((string kvDtype, bool deterministic) in ((string, bool)[])[("auto", false), ("int8", false), ("auto", true)])
            {
                ModelOptions options = several with { Kernels = kernels, KvDtype = kvDtype, Deterministic = deterministic };
                if (deterministic && kernels != "fused") Assert.Contains("set Model:Kernels=fused", Assert.Throws<ArgumentException>(() => ModelRunner.Load(options)).Message);
                else Check(options, isLimited ? limits[kvDtype] : null, one with { Kernels = kernels, KvDtype = kvDtype, Deterministic = deterministic });
            }
    }

    [Fact]
    public void Computation_ChangesWithWhatChangesAnswersAlone()
    {
        ModelOptions options = models.Options("bf16", "bfloat16");
        string[] alike =
        [
            Computation(options), Computation(options), Computation(options with { Device = "cpu:0,cpu:1", BlockCount = 20 }), Computation(options with { Threads = 1 }),
            Computation(options, limit: 1 << 20), Computation(options, limit: 8 << 20),
        ];
        string[] different =
        [
            alike[0], Computation(options with { TensorParallel = 2 }), Computation(options with { Kernels = "plain" }), Computation(options with { Dtype = "float32" }), Computation(options with { KvDtype = "int8" }),
            Computation(options with { Deterministic = true }),
        ];
        Assert.Single(alike.Distinct());
        Assert.Equal(different.Length, different.Distinct().Count());
    }

    private static string Computation(ModelOptions options, long? limit = null)
    {
        using ModelRunner runner = ModelRunner.Load(options, Choices(options, limit));
        return runner.Description.Computation;
    }

    private void Check(ModelOptions options, long? leastLimit, ModelOptions one)
    {
        BackendChoice[] choices = Choices(options, leastLimit);
        if (leastLimit is long limit) CheckRefusal(options, Choices(options, limit - LimitStep));
        ModelPlan plan = Plan(options, choices);
        Assert.Null(plan.Fault);
        // The sums of narrow types come out a little different where layers are shared.
        if (options.TensorParallel == 1 || options.Dtype == "float32") Assert.Equal(models.Drawn(one), ModelRunnerTests.Generate(options, Tokens, choices));
        else Assert.InRange(models.Read(one).Zip(ModelRunnerTests.Read(options, Chunk, choices).Logprobs, (a, b) => Math.Abs(a - b)).Max(), 0, Tolerance(options));
    }

    /// <summary>Of log-probabilities. Where weights are quantised while loading, columns that begin elsewhere are so in other groups.</summary>
    private static double Tolerance(ModelOptions options) => options.Dtype.StartsWith("int4", StringComparison.Ordinal) ? 0.25 : 0.08;

    private static void CheckRefusal(ModelOptions options, BackendChoice[] choices)
    {
        string fault = Plan(options, choices).Fault!;
        Exception refusal = Assert.ThrowsAny<Exception>(() => ModelRunner.Load(options, choices).Dispose());
        Assert.True(refusal is ArgumentException or InsufficientMemoryException, refusal.ToString());
        Assert.Equal(fault, refusal.Message);
        Assert.Matches("raise (it|Model:MemoryLimit)|The smallest that works is", fault);
    }

    private static BackendChoice[] Choices(ModelOptions options, long? limit) => [.. BackendChoice.AllOf(options).Select(choice => UnburdenedBackend.On(choice) with { MemoryLimit = limit })];

    /// <summary>Under which the plan has no fault.</summary>
    private static long LeastLimit(ModelOptions options)
    {
        long tooSmall = 0, enough = 32 << 20;
        while (enough - tooSmall > LimitStep)
        {
            long middle = (tooSmall + enough) / 2;
            if (Plan(options, Choices(options, middle)).Fault is null) enough = middle;
            else tooSmall = middle;
        }
        return enough;
    }

    private static ModelPlan Plan(ModelOptions options, BackendChoice[] choices) => ModelPlanner.Place(options, choices, [.. choices.Select(choice => choice.FreeBytes())]);

    /// <summary>One model in several forms, and what one device draws with each.</summary>
    public sealed class Models : IDisposable
    {
        /// <summary>How the files hold it, and what is asked for.</summary>
        public static readonly (string Model, string Dtype)[] Forms =
            [("bf16", "float32"), ("bf16", "bfloat16"), ("bf16", "int8"), ("bf16", "int4-g32"), ("bf16", "int8-outliers"), ("int8", "auto"), ("int4-g32", "auto"), ("int8-outliers", "auto"), ("gguf", "auto"), ("gguf", "float32")];

        private static readonly LlamaConfig Shape = SmallLlama.Config with { LayerCount = 8 };

        private readonly string _root = Directory.CreateTempSubdirectory("llama-modes-").FullName;
        private readonly GgufFolder _gguf = new(change: config => config with { LayerCount = 8 });
        private readonly Dictionary<string, string> _paths = [];
        private readonly Dictionary<ModelOptions, int[]> _drawn = [];
        private readonly Dictionary<ModelOptions, double[]> _read = [];

        public Models()
        {
            foreach (string model in Forms.Select(form => form.Model).Distinct().Where(model => model != "gguf"))
            {
                _paths[model] = Path.Combine(_root, model);
                LlamaConfig config = QuantizationType.TryParse(model, out QuantizationType type) ? Shape with { Quantization = QuantizationPlan.Of(type) } : Shape;
                RandomCheckpoint.Write(_paths[model], config, TensorDtype.BF16, seed: 1);
            }
            _paths["gguf"] = _gguf.Convert("Q8_0");
        }

        internal ModelOptions Options(string model, string dtype) =>
            new() { Path = _paths[model], Device = "cpu", Dtype = dtype, MaxBatchTokens = 16, MaxSequences = 2, Threads = 2, MemoryUtilization = 0.001 };

        /// <summary>By one device; in float32 by the plain kernels, whatever is asked for.</summary>
        internal int[] Drawn(ModelOptions options)
        {
            if (options is { Dtype: "float32", KvDtype: "auto" }) options = options with { Kernels = "plain", Deterministic = false };
            if (!_drawn.TryGetValue(options, out int[]? drawn)) _drawn[options] = drawn = ModelRunnerTests.Generate(options, Tokens);
            return drawn;
        }

        /// <summary>The log-probabilities of a prompt, by one device.</summary>
        internal double[] Read(ModelOptions options)
        {
            if (!_read.TryGetValue(options, out double[]? read)) _read[options] = read = ModelRunnerTests.Read(options, Chunk).Logprobs;
            return read;
        }

        public void Dispose()
        {
            Directory.Delete(_root, recursive: true);
            _gguf.Dispose();
        }
    }
}
