using System.Runtime.InteropServices;

namespace Llama.Model.Cuda;

/// <summary>One row to draw from or to score, as the kernels read it: <c>SamplingRow</c> in <c>sampling.cuh</c>. Lists are places in an array of int32 that all rows share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaSamplingRow
{
    public const uint Active = 1, Greedy = 2, Logprobs = 4;

    /// <summary>53 random bits.</summary>
    public ulong Random;

    /// <summary>0 for a row that has failed.</summary>
    public uint Flags;

    /// <summary>1 / temperature</summary>
    public float Scale;

    public float TopP, MinP, TypicalP;

    /// <summary>No token is kept whose exponent, (logit − max) · scale, is below this.</summary>
    public float Least;

    public int TopK;

    /// <summary>Which bitset of allowed tokens; −1 for none.</summary>
    public int Mask;

    /// <summary>The token to be scored; −1 for none.</summary>
    public int Token;

    /// <summary>Number of alternatives wanted.</summary>
    public int TopCount;

    /// <summary>Ids, then as many float32.</summary>
    public int Biases, BiasCount;

    /// <summary>Tokens that cannot be drawn.</summary>
    public int Bans, BanCount;

    public int History, HistoryLength, PromptLength;

    public float Presence, Frequency, Repetition;
}
