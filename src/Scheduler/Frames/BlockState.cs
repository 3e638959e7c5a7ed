namespace Llama.Scheduling.Frames;

/// <summary>Whose a block is.</summary>
internal enum BlockState : byte
{
    /// <summary>Nobody's, and empty.</summary>
    Free,

    /// <summary>Nobody's, and kept for its prefix.</summary>
    Cached,

    /// <summary>That of one sequence or several.</summary>
    Held,
}
