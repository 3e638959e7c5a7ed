namespace Llama.Model.Cuda;

/// <summary>Which kernels a step's draws need beside those that find the best tokens.</summary>
[Flags]
internal enum SamplingNeeds
{
    None = 0,

    /// <summary>A row is drawn by chance.</summary>
    Draws = 1,

    /// <summary>A row has biases, bans or penalties.</summary>
    Edits = 2,

    /// <summary>A row wants log-probabilities.</summary>
    Logprobs = 4,
}
