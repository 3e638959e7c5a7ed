using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Tests.Gguf;

namespace Llama.Model.Tests.Checkpoints;

[HoldsTensors]
public sealed class WeightSourceTests
{
    [Fact]
    public void Open_WhatIsRefused_StaysMappedNowhere()
    {
        using GgufFolder folder = new();
        string file = folder.Convert("Q8_0");
        WeightFormat unfit = WeightFormat.Parse("bfloat16") with { AskedThreshold = 6 }; // for outliers, which these weights have none of
        Assert.Throws<ArgumentException>(() => WeightSource.Open(file, unfit, HostMemory.Instance));
        Assert.Throws<ArgumentException>(() => WeightSource.Open(folder.Checkpoint, unfit, HostMemory.Instance));

        folder.Write("config.json", (LlamaConfig.Load(folder.Checkpoint) with { LayerCount = 99 }).ToJson());
        Assert.Throws<CheckpointException>(() => WeightSource.Open(folder.Checkpoint, WeightFormat.Parse("auto"), HostMemory.Instance));

        Assert.DoesNotContain(Path.GetDirectoryName(file)!, File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
    }
}
