namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A place in a stream.</summary>
internal sealed class EmulatedEvent
{
    /// <summary>The stream it was last recorded on.</summary>
    public EmulatedStream? Stream { get; set; }

    /// <summary>How many times it was recorded.</summary>
    public int Marks { get; set; }

    /// <summary>How many of them were reached.</summary>
    public int Passed { get; set; }

    /// <summary>How many were not.</summary>
    public int Awaited => Marks - Passed;

    /// <summary>When it was reached, by the device's clock: the number of things done.</summary>
    public long Reached { get; set; }
}
