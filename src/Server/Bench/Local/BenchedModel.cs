using Llama.Model;
using Llama.Model.Offload;

namespace Llama.Server.Bench.Local;

/// <summary>The model that was measured.</summary>
/// <param name="Name">Its id.</param>
/// <param name="Shape">Layers, heads, vocabulary, parameters.</param>
/// <param name="Device">Where and with which kernels it ran.</param>
/// <param name="Dtype">Types of weights and cache.</param>
/// <param name="KvCache">Blocks.</param>
/// <param name="Memory">What stays and what streams under a limit; null without one.</param>
/// <param name="WeightBytes">Bytes of the weights, those included that stream.</param>
/// <param name="StepBytes">Of them, what each step reads.</param>
/// <param name="Threads">Threads that computed; 0 on a GPU.</param>
internal sealed record BenchedModel(string Name, string Shape, string Device, string Dtype, string KvCache, string? Memory, long WeightBytes, long StepBytes, int Threads)
{
    /// <summary>What a step was to read of the weights that stream, and how long that took at start; null if nothing streamed then.</summary>
    public StreamRate? Stream { get; init; }

    /// <summary>What lies on each device.</summary>
    public IReadOnlyList<DeviceShare> Devices { get; init; } = [];

    public static BenchedModel Of(EngineSession session)
    {
        ModelDescription model = session.Description;
        return new BenchedModel(session.Name, model.Model, model.Device, model.Dtype, model.KvCache, model.Memory, model.WeightBytes, model.StepBytes, model.ThreadCount) { Stream = model.Stream, Devices = model.Devices };
    }

    public void Write(TextWriter output)
    {
        output.WriteLine($"{Name}: {Shape}");
        output.WriteLine($"  {Device}");
        output.WriteLine($"  {Dtype}; KV cache {KvCache}");
        if (Memory is not null) output.WriteLine($"  memory {Memory}");
    }
}
