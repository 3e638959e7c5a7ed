namespace Llama.Server.Bench.Compare;

/// <summary>One way to run the model.</summary>
/// <param name="Name">As <c>--modes</c> and the table have it.</param>
/// <param name="Counterpart">The system of the field that does it in this way, and what is its own in it.</param>
/// <param name="Settings">What sets it apart, in the spelling of the server's command line.</param>
/// <param name="DeviceCount">Devices that it takes.</param>
internal sealed record ComparedMode(string Name, string Counterpart, string[] Settings, int DeviceCount = 1)
{
    /// <summary>Of the weights, how much may stay in memory; 1 for no limit. The limit itself depends on what <see cref="CompareBench"/> finds the model to take.</summary>
    public double ResidentShare { get; init; } = 1;
}
