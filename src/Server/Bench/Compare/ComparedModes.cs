namespace Llama.Server.Bench.Compare;

/// <summary>All modes, the reference first: what the others are compared with is the first that runs.</summary>
internal static class ComparedModes
{
    public static readonly ComparedMode[] All =
    [
        new("plain-float32", "Meta's reference: operation by operation, in float32", ["--Model:Kernels=plain", "--Model:Dtype=float32"]),
        new("plain-bfloat16", "Meta's reference in the type of its weights", ["--Model:Kernels=plain", "--Model:Dtype=bfloat16"]),
        new("fused-float32", "DeepSpeed-Inference: fused kernels", ["--Model:Dtype=float32"]),
        new("fused-bfloat16", "DeepSpeed-Inference: fused kernels, 16 bits (the default here)", ["--Model:Dtype=bfloat16"]),
        new("int8", "weights in 8 bits, as gpt-fast has them", ["--Model:Dtype=int8"]),
        new("int8-outliers", "LLM.int8(): 8 bits, outlier columns in 16", ["--Model:Dtype=int8-outliers"]),
        new("int4", "weights in 4 bits, as gpt-fast and GPTQ have them", ["--Model:Dtype=int4"]),
        new("int8-kv", "KV cache in 8 bits", ["--Model:Dtype=bfloat16", "--Model:KvDtype=int8"]),
        new("deterministic", "batch-invariant kernels", ["--Model:Dtype=bfloat16", "--Model:Deterministic=true"]),
        new("layers-2", "Transformers' device_map=\"auto\": layers laid over 2 devices", ["--Model:Dtype=bfloat16"], DeviceCount: 2),
        new("tensor-2", "tensor_parallel: each matrix split over 2 devices", ["--Model:Dtype=bfloat16", "--Model:TensorParallel=2"], DeviceCount: 2),
        new("offload", "BMInf: a third of the weights sure to stay in memory, the rest streamed", ["--Model:Dtype=bfloat16"]) { ResidentShare = 1 / 3.0 },
    ];

    /// <summary>Settings that modes set, and that are therefore not the caller's to give.</summary>
    public static readonly string[] Compared = ["Model:Kernels", "Model:Dtype", "Model:KvDtype", "Model:Deterministic", "Model:TensorParallel", "Model:MemoryLimit", "Scheduler:PrefixCache"];
}
