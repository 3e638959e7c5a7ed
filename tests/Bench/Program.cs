using System.CommandLine;
using Llama.Bench;

RootCommand root = new("Measures the server's parts. Results are kept in tests/Bench/NOTES.md.")
{
    KernelBench.Command(),
    ProductsBench.Command(),
    SwitchBench.Command(),
    StepBench.Command(),
    GpuBench.Command(),
    AttentionBench.Command(),
    GuidanceBench.Command(),
    ThreadBench.Command(),
    QualityBench.Command(),
    OutlierBench.Command(),
    WireBench.Command(),
    SamplingBench.Command(),
    HostBench.Command(),
};
return await root.Parse(args).InvokeAsync();
