namespace Llama.Scheduling.Sequences;

/// <summary>Where a <see cref="Sequence"/> is.</summary>
internal enum SequenceState
{
    /// <summary>Without blocks: new, or preempted.</summary>
    Waiting,

    /// <summary>Without blocks and in no queue: another one of its <see cref="PromptGroup"/> computes its prompt.</summary>
    Attached,

    /// <summary>With blocks.</summary>
    Running,

    /// <summary>Ended, its blocks given back.</summary>
    Finished,
}
