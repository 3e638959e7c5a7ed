namespace Llama.Server.Hosting;

/// <summary>Memory that there was not, where whoever asked for it says no more than that.</summary>
internal static class MemoryShortage
{
    private const int NoMemory = 12; // ENOMEM: a file that could not be mapped

    /// <summary>For what reads the settings.</summary>
    public const string Remedy = "The verb plan says what a model and its KV cache take; a smaller Model:BlockCount, Model:Dtype=int8 or int4, or Model:MemoryLimit make them smaller.";

    /// <summary>For a verb that reads none.</summary>
    public const string OtherRemedy = "Free some memory, or raise the limit that the process has (ulimit -v, the container's).";

    /// <summary>Whether it is one of the runtime's or the system's, which tell neither for what nor what to do.</summary>
    public static bool IsUnexplained(Exception exception) => exception is OutOfMemoryException and not InsufficientMemoryException or IOException { HResult: NoMemory };
}
