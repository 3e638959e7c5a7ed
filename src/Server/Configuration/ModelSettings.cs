using System.ComponentModel.DataAnnotations;
using Llama.Model;
using Llama.Model.Quantization;
using Llama.Server.Web.Settings;

namespace Llama.Server.Configuration;

/// <summary>Section <c>Model</c>: which checkpoint is served, under what name and where it runs.</summary>
internal sealed class ModelSettings
{
    /// <summary>Folder in Hugging Face layout or GGUF file, absolute or relative to the current directory or the program; empty takes the bundled model.</summary>
    public string Path { get; set; } = "";

    /// <summary>Id shown by <c>/v1/models</c>; empty takes the folder's or file's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Other ids that requests may use for it.</summary>
    public string[] Aliases { get; set; } = [];

    /// <summary>One device, or a list over which the layers are laid.</summary>
    [Names("auto|(cpu|cuda)(:[0-9]{1,4})?( *, *(cpu|cuda)(:[0-9]{1,4})?)*", ErrorMessage = "Model:Device must be auto, cpu, cuda, cuda:N, or a list of devices such as cuda:0,cuda:1 or cpu:0,cpu:1.")]
    public string Device { get; set; } = "auto";

    /// <summary>How many devices share every layer.</summary>
    [Range(1, 64)]
    public int TensorParallel { get; set; } = 1;

    [Names("auto|bfloat16|float32|" + QuantizationType.Pattern, ErrorMessage = "Model:Dtype must be auto, bfloat16, float32 or one of " + QuantizationType.Spellings + ".")]
    public string Dtype { get; set; } = "auto";

    /// <summary>With <c>int8-outliers</c>, from what size on an input is multiplied in 16 bits; empty takes 6.</summary>
    [Range(0.01, 1e6)]
    public double? OutlierThreshold { get; set; }

    [Names("auto|bfloat16|float32|int8", ErrorMessage = "Model:KvDtype must be auto, bfloat16, float32 or int8.")]
    public string KvDtype { get; set; } = "auto";

    [Names("fused|plain", ErrorMessage = "Model:Kernels must be fused or plain.")]
    public string Kernels { get; set; } = "fused";

    /// <summary>How the model writes tool calls; <c>auto</c> goes by its chat template.</summary>
    [Names("auto|hermes|llama3_json|mistral|pythonic", ErrorMessage = "Model:ToolFormat must be auto, hermes, llama3_json, mistral or pythonic.")]
    public string ToolFormat { get; set; } = "auto";

    /// <summary>Whether a request's text is the same byte for byte whatever shares its steps.</summary>
    public bool Deterministic { get; set; }

    /// <summary>Whether weights in bfloat16 are packed for the processor while they are loaded; empty packs them where that can be done and there is room.</summary>
    public bool? Repack { get; set; }

    /// <summary>Threads that compute a step on a CPU; empty takes as many as the process may use cores.</summary>
    [Range(1, 1024)]
    public int? Threads { get; set; }

    /// <summary>Folder of an installed PyTorch's libraries; empty takes those that came with the program.</summary>
    public string LibTorch { get; set; } = "";

    [Range(ModelOptions.LeastContext, ModelOptions.MostContext)]
    public int? ContextLength { get; set; }

    [Range(1, 1024)]
    public int BlockSize { get; set; } = 16;

    [Range(1, int.MaxValue)]
    public int? BlockCount { get; set; }

    [Range(0.01, 1.0)]
    public double? MemoryUtilization { get; set; }

    /// <summary>Most memory that the device may use, such as <c>8GiB</c>, or a list of one for each device; empty sets no limit.</summary>
    [MemoryLimit]
    public string MemoryLimit { get; set; } = "";

    /// <summary>As the model's own options; the folder must have been found.</summary>
    public ModelOptions ToOptions(string folder, SchedulerSettings scheduler) => new()
    {
        Path = folder,
        Device = Device,
        TensorParallel = TensorParallel,
        Dtype = Dtype,
        OutlierThreshold = OutlierThreshold,
        KvDtype = KvDtype,
        Kernels = Kernels,
        Deterministic = Deterministic,
        Repack = Repack,
        Threads = Threads,
        LibTorch = LibTorch.Length > 0 ? LibTorch : null,
        ContextLength = ContextLength,
        BlockSize = BlockSize,
        BlockCount = BlockCount,
        MemoryUtilization = MemoryUtilization,
        MemoryLimit = MemoryLimit.Length > 0 ? MemoryLimit : null,
        MaxBatchTokens = scheduler.MaxBatchTokens,
        MaxSequences = scheduler.MaxSequences,
    };
}
