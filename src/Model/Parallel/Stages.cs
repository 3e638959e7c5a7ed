using System.Runtime.ExceptionServices;
using Llama.Model.Backends;

namespace Llama.Model.Parallel;

/// <summary>The devices of a model in the order of its layers, stage after stage; a stage is one device, or a group that shares every layer. What they are asked for they do side by side, each on its own thread.</summary>
internal sealed class Stages : IDisposable
{
    private readonly List<PartRunner> _parts = []; // [stages · devices of a stage]
    private readonly ShardGroup?[] _groups; // [stages]; null where a stage is one device

    /// <summary>Takes all devices into use.</summary>
    /// <param name="options">As for loading.</param>
    /// <param name="choices">The devices.</param>
    /// <param name="steps">As many as there are stages.</param>
    /// <param name="handOn">What the last stage does when it has run a step.</param>
    public Stages(ModelOptions options, IReadOnlyList<BackendChoice> choices, PipelineStep[] steps, Action handOn)
    {
        ShardCount = options.TensorParallel;
        _groups = [.. steps.Select(_ => ShardCount > 1 ? new ShardGroup(ShardCount) : null)];
        try
        {
            int[] threads = ThreadShares(options.Threads ?? Environment.ProcessorCount, choices);
            for (int i = 0; i < choices.Count; i++)
            {
                (int stage, int shard) = (i / ShardCount, i % ShardCount);
                _parts.Add(new PartRunner(options, choices[i], threads[i], stage == 0 ? null : First(stage - 1), steps, _groups[stage], shard));
            }
            First(Count - 1).HandOnBy(handOn);
            Settle();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many stages there are.</summary>
    public int Count => _groups.Length;

    /// <summary>Devices of a stage.</summary>
    public int ShardCount { get; }

    /// <summary>[stages · devices of a stage]</summary>
    public IReadOnlyList<PartRunner> Parts => _parts;

    /// <summary>How the devices of a stage add their results; null where each stage is one device.</summary>
    public string? Way => _groups[0]?.Way;

    /// <summary>Lets the first stage run the next step.</summary>
    public void Post()
    {
        for (int i = ShardCount - 1; i >= 0; i--) _parts[i].Post(); // the first runs there and then
    }

    /// <summary>Makes ready what the devices of each stage exchange their results by; before anything is loaded.</summary>
    /// <param name="config">The shape of the whole model.</param>
    /// <param name="options">As for loading.</param>
    /// <param name="batchTokens">Most tokens of a step.</param>
    /// <exception cref="ArgumentException">The model cannot be cut for so many devices; with what would work.</exception>
    public void Connect(LlamaConfig config, ModelOptions options, int batchTokens)
    {
        for (int stage = 0; stage < Count; stage++)
        {
            BackendChoice[] devices = [.. _parts.Skip(stage * ShardCount).Take(ShardCount).Select(part => part.Choice)];
            _groups[stage]?.Connect(config, devices, batchTokens, samples: stage == Count - 1 ? options.MaxSequences : 0, options.Deterministic);
        }
    }

    /// <summary>Does something for each device.</summary>
    public void OnEach(Action<PartRunner, int> task) => On(_parts, task);

    /// <summary>[parts] what each device answers.</summary>
    public T[] AskEach<T>(Func<PartRunner, T> question) => Ask(_parts, question);

    /// <summary>[devices of a stage] what those of one stage answer, while the others rest.</summary>
    public T[] AskStage<T>(int stage, Func<PartRunner, T> question) => Ask(_parts.GetRange(stage * ShardCount, ShardCount), question);

    /// <summary>Gives everything back. No step may be under way.</summary>
    public void Dispose()
    {
        foreach (PartRunner part in _parts) part.Dispose();
        foreach (ShardGroup? group in _groups) group?.Dispose();
    }

    /// <summary>The device of a stage that takes steps and hands them on.</summary>
    private PartRunner First(int stage) => _parts[stage * ShardCount];

    private T[] Ask<T>(List<PartRunner> parts, Func<PartRunner, T> question)
    {
        T[] answers = new T[parts.Count];
        On(parts, (part, i) => answers[i] = question(part));
        return answers;
    }

    private void On(List<PartRunner> parts, Action<PartRunner, int> task)
    {
        for (int i = parts.Count - 1; i >= 0; i--) // the first part last, which may do it on this thread
        {
            (PartRunner part, int index) = (parts[i], i);
            part.Begin(() => task(part, index));
        }
        Settle();
    }

    /// <summary>Waits for what all threads do, and throws the first of what they threw.</summary>
    private void Settle()
    {
        ExceptionDispatchInfo? failure = null;
        foreach (PartRunner part in _parts)
        {
            ExceptionDispatchInfo? own = part.Settle();
            failure ??= own;
        }
        failure?.Throw();
    }

    /// <summary>Devices of the processor share its threads out; others need one to serve them, or share them where there are none of the processor.</summary>
    private static int[] ThreadShares(int total, IReadOnlyList<BackendChoice> choices)
    {
        bool hasHost = choices.Any(choice => !choice.Device.IsCuda);
        int sharers = choices.Count(choice => choice.Device.IsCuda != hasHost), taken = 0;
        return [.. choices.Select(choice => choice.Device.IsCuda == hasHost ? 1 : Math.Max(1, total / sharers + (taken++ < total % sharers ? 1 : 0)))];
    }
}
