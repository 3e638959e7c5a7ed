namespace Llama.Model.Parallel;

/// <summary>A device cannot go on with a step because another of its group failed, which is the inner exception.</summary>
internal sealed class PeerFailedException(Exception cause) : Exception("Another device of the group failed.", cause);
