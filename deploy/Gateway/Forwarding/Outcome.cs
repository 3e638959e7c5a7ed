namespace Llama.Gateway.Forwarding;

/// <summary>How it went with one replica.</summary>
internal enum Outcome
{
    /// <summary>The caller has the replica's answer.</summary>
    Answered,

    /// <summary>It broke off in the midst of an answer.</summary>
    Broke,

    /// <summary>It says that it takes no requests now.</summary>
    Unavailable,

    /// <summary>It has more to do than it takes.</summary>
    Overloaded,

    /// <summary>It does not have the stored response that the request names.</summary>
    NotKept,

    /// <summary>It could not be reached: it has seen nothing of the request.</summary>
    Unreached,

    /// <summary>It had the request and broke off before anything of its answer went to the caller.</summary>
    Failed,

    /// <summary>It was silent for too long.</summary>
    Silent,

    /// <summary>The caller has gone.</summary>
    Left,
}
