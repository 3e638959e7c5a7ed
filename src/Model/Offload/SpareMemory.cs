using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;

namespace Llama.Model.Offload;

/// <summary>
/// What a limit leaves unused at the moment: weights that stream are kept in it, and give way before cache, intermediate results or the rest of the process take it. Most of what is allocated takes memory only
/// once it is touched, so before each step the process is asked what it has; to be reckoned ahead remains what this step will touch for the first time.
/// </summary>
internal sealed class SpareMemory
{
    private const int StepsToTry = 64; // beginning a round anew costs the loads ahead

    private readonly ProcessAccount _process;
    private readonly WeightStream _stream;
    private readonly UntouchedMemory _untouched;
    private int _steps;

    /// <summary>Keeps what there is room for now.</summary>
    /// <param name="process">What it has and may have.</param>
    /// <param name="stream">Whose units are kept; stays the caller's.</param>
    /// <param name="weights">Of which the head may be always there.</param>
    /// <param name="untouched">What steps have yet to touch.</param>
    public SpareMemory(ProcessAccount process, WeightStream stream, LlamaWeights weights, UntouchedMemory untouched)
    {
        (_process, _stream, _untouched) = (process, stream, untouched);
        if (weights.Head is { } head && !stream.Holds(WeightUnit.Head(weights.Layers.Length))) Touch(OutlierWeight.CodesOf(head)); // what is mapped counts only then
        Keep(_process.Room);
    }

    /// <summary>Sees to it that there is room for a step; before it is run.</summary>
    /// <exception cref="RunnerLostException">Weights cannot be read.</exception>
    public void GiveWay(ForwardBatch batch)
    {
        long room = _process.Room - _untouched.Touch(batch);
        if (room < 0) _stream.LetGo(-room);
        else if (++_steps % StepsToTry == 0) Keep(room);
    }

    private static unsafe void Touch(Weight weight)
    {
        foreach (MemoryPart part in weight.Parts) PageAdvice.Touch((void*)part.Address, part.Bytes);
    }

    // With something to spare, lest what is kept now must go at the next step.
    private void Keep(long room) => _stream.Keep(room - _process.Reserve / 2);
}
