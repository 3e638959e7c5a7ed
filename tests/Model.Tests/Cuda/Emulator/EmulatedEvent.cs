namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>A place in a stream.</summary>
internal sealed class EmulatedEvent
{
    /// <summary>The stream it was last recorded on.</summary>
    public EmulatedStream? Stream { get; set; }

    /// <summary>How many times it was recorded and not reached since.</summary>
    public int Awaited { get; set; }

    /// <summary>When it was reached, by the device's clock: the number of things done.</summary>
    public long Reached { get; set; }
}
