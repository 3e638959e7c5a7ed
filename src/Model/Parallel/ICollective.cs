using Llama.Model.Kernels;

namespace Llama.Model.Parallel;

/// <summary>
/// What the devices of a group do together, as one of them sees it. All call the same in the same order, each on its own thread, with matrices of the same shape; whoever comes first waits. What comes
/// out depends on no more than what went in: not on who was first, nor on the other rows of a step.
/// </summary>
/// <exception cref="PeerFailedException">Any call: another device failed and will not come.</exception>
internal interface ICollective : IDisposable
{
    /// <summary>matrix = the sum of all devices' matrices, added in the order of the devices; on each device.</summary>
    /// <param name="matrix">[rows, columns] float32</param>
    void Sum(Matrix matrix);

    /// <summary>whole = the devices' parts side by side; on the first device.</summary>
    /// <param name="part">[rows, columns of this device] float32</param>
    /// <param name="whole">[rows, columns of all devices] float32; null on all devices but the first.</param>
    void Gather(Matrix part, Matrix? whole);
}
