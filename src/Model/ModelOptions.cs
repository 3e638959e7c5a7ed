namespace Llama.Model;

/// <summary>Which checkpoint to load and how. Section <c>Model</c> of the settings.</summary>
public sealed record ModelOptions
{
    /// <summary>Folder in Hugging Face layout (config.json, *.safetensors, tokenizer.model) or GGUF file.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// <c>auto</c> (CUDA if there, else CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; or a list, such as <c>cuda:0,cuda:1</c>, over which the layers are laid. In a list <c>cpu:0</c>,
    /// <c>cpu:1</c> … are logical devices of the processor, which share its threads and its memory out.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>
    /// How many devices share every layer: heads, MLP columns and vocabulary are cut for them. The devices are taken in groups of so many, each a stage of the layers. Without a list, the first so many of the
    /// kind that <see cref="Device"/> names.
    /// </summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Form of the weights: <c>auto</c> (as the files have them in codes, else bfloat16), <c>bfloat16</c>, <c>float32</c>, or a <see cref="Quantization.QuantizationType"/>.</summary>
    public string Dtype { get; init; } = "auto";

    /// <summary>With <c>int8-outliers</c>, from what size on an input element is multiplied in 16 bits; null takes 6.</summary>
    public double? OutlierThreshold { get; init; }

    /// <summary>Type of the KV cache: <c>auto</c> (float32 with float32 weights, else bfloat16), <c>bfloat16</c>, <c>float32</c>, or <c>int8</c> with a scale per token and head.</summary>
    public string KvDtype { get; init; } = "auto";

    /// <summary><c>fused</c> (the fastest the device has), <c>plain</c> (torch operations only: the reference), or <c>scalar</c> (C# that computes one number at a time: the reference where there is no libtorch).</summary>
    public string Kernels { get; init; } = "fused";

    /// <summary>
    /// Whether a request's tokens are byte for byte the same alone, in any batch, in any chunks and with a prefix hit, at the price of slower long prompts where weights are not packed.
    /// Needs fused kernels on a CPU.
    ///</summary>
    public bool Deterministic { get; init; }

    /// <summary>
    /// Whether weights in bfloat16 and in codes are packed while they are loaded, in the order in which a CPU with AVX-512 BF16 multiplies them: batches are faster, and the weights lie in memory of this process rather than
    /// in the file's pages, which processes share. Null packs them where that can be done and three quarters of the free memory hold them, those of a large model while it is served already; true before it is.
    /// </summary>
    public bool? Repack { get; init; }

    /// <summary>Threads that compute a step on a CPU; null takes as many as the process may use cores.</summary>
    public int? Threads { get; init; }

    /// <summary>The <c>torch/lib</c> folder of an installed PyTorch, for builds with TorchBackend=system; null looks in the usual places.</summary>
    public string? LibTorch { get; init; }

    /// <summary>Tokens of the shortest context: a prompt's and an answer's.</summary>
    public const int LeastContext = 2;

    /// <summary>Tokens of the longest context.</summary>
    public const int MostContext = 1 << 24;

    /// <summary>Shortens the checkpoint's context length; null keeps it.</summary>
    public int? ContextLength { get; init; }

    /// <summary>Tokens per KV block.</summary>
    public int BlockSize { get; init; } = 16;

    /// <summary>Blocks in the pool; null derives them from free memory.</summary>
    public int? BlockCount { get; init; }

    /// <summary>Share of the free memory that the KV pool may take; null takes the device's default (0.5 on CPU, 0.9 on CUDA).</summary>
    public double? MemoryUtilization { get; init; }

    /// <summary>Most memory that the device may use for everything, such as <c>8GiB</c>: weights that do not fit stream. One size, or one for each device; null sets no limit.</summary>
    public string? MemoryLimit { get; init; }

    /// <summary>Most tokens in one step; sizes the activations. Null takes what suits the device (<see cref="ModelLimits.BatchTokens"/> says what that is).</summary>
    public int? MaxBatchTokens { get; init; }

    /// <summary>Most sequences in one step; the pool is never larger than all of them at full length need.</summary>
    public int MaxSequences { get; init; } = 256;
}
