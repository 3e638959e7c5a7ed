namespace Llama.Model;

/// <summary>A runner can run no further step, whatever it is asked for: its device is lost to this process. Only a new one helps.</summary>
public sealed class RunnerLostException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Because files of weights that stream have failed.</summary>
    internal static RunnerLostException OfWeights(Exception failure) => new($"The weights cannot be read any more: {failure.Message}", failure);
}
