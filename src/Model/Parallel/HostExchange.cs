using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>
/// Host memory through which the devices of a group see each other's matrices. Each has two slots that it fills in turn, so that one meeting for each exchange is enough: a slot is filled again only after
/// the next meeting, to which nobody comes who still reads it.
/// </summary>
internal sealed unsafe class HostExchange : IDisposable
{
    private const int Turns = 2;

    private readonly DeviceBarrier _barrier;
    private readonly Matrix[] _slots; // [devices · turns]
    private readonly int[] _columns; // [devices · turns] of what lies in a slot

    /// <summary>Allocates without touching the memory.</summary>
    /// <param name="barrier">Of the group; stays the caller's.</param>
    /// <param name="elements">[devices] of the largest matrix of each.</param>
    public HostExchange(DeviceBarrier barrier, params ReadOnlySpan<int> elements)
    {
        _barrier = barrier;
        _slots = new Matrix[barrier.Count * Turns];
        _columns = new int[_slots.Length];
        for (int i = 0; i < _slots.Length; i++) _slots[i] = HostMemory.Instance.Empty(1, elements[i / Turns], ScalarType.Float32);
    }

    /// <summary>Devices.</summary>
    public int Count => _barrier.Count;

    /// <summary>Bytes of a device's slots.</summary>
    /// <param name="elements">Of its largest matrix.</param>
    public static long BytesOf(int elements) => Turns * Matrix.BytesOf(1, elements, ScalarType.Float32);

    /// <summary>Puts a device's matrix where the others can see it and waits for theirs.</summary>
    /// <returns>The turn, good until the device's next call.</returns>
    public int Meet(int device, DeviceMemory memory, Matrix matrix)
    {
        int turn = (int)(_barrier.MeetingsOf(device) % Turns);
        memory.Download(matrix, Of(device, turn));
        _columns[device * Turns + turn] = matrix.Columns;
        _barrier.Meet(device);
        return turn;
    }

    /// <summary>A device's matrix.</summary>
    public float* Of(int device, int turn) => _slots[device * Turns + turn].Floats;

    /// <summary>Its columns.</summary>
    public int ColumnsOf(int device, int turn) => _columns[device * Turns + turn];

    public void Dispose()
    {
        foreach (Matrix slot in _slots) slot.Dispose();
    }
}
