using Llama.Model;
using Llama.Scheduling;
using Llama.Server.Configuration;
using Llama.Server.Hosting;

namespace Llama.Server.Watching;

/// <summary>What does not change while the engine runs: the data of the event <c>about</c>.</summary>
/// <param name="Model">The served model's id.</param>
/// <param name="Version">The server's.</param>
/// <param name="Lines">Name and text of the start-up lines: model, device, types, KV cache, memory.</param>
/// <param name="Warnings">What the operator had better know.</param>
/// <param name="BlockSize">Tokens per KV block.</param>
/// <param name="BatchTokens">Most tokens of a step.</param>
/// <param name="MaxSequences">Most sequences running at once.</param>
/// <param name="MaxQueueLength">Most requests waiting.</param>
public sealed record EngineAbout(
    string Model, string Version, IReadOnlyDictionary<string, string> Lines, IReadOnlyList<string> Warnings, int BlockSize, int BatchTokens, int MaxSequences, int MaxQueueLength)
{
    internal static EngineAbout Of(Checkpoint checkpoint, ModelDescription description, SchedulerSettings settings)
    {
        SchedulerOptions options = settings.ToOptions();
        var lines = new Dictionary<string, string>
        {
            ["model"] = description.Model,
            ["device"] = description.Device,
            ["dtype"] = description.Dtype,
            ["KV cache"] = description.KvCache,
            ["memory"] = description.Memory ?? "no limit",
        };
        return new EngineAbout(
            checkpoint.Name, ServerVersion.Number, lines, description.Warnings, checkpoint.Limits.BlockSize, options.MaxBatchTokens ?? checkpoint.Limits.BatchTokens, options.MaxSequences,
            options.MaxQueueLength);
    }
}
