using System.Runtime.InteropServices;

namespace Llama.Model.Kernels;

/// <summary>Brings rows of a weight that is not in memory to the thread that multiplies with them next, while a cache holds them.</summary>
internal abstract class RowReader : IDisposable
{
    private GCHandle<RowReader> _handle;

    protected RowReader() => _handle = new GCHandle<RowReader>(this);

    /// <summary>Names it where threads share no references.</summary>
    public nint Handle => GCHandle<RowReader>.ToIntPtr(_handle);

    /// <summary>Most rows that can be asked for at once.</summary>
    public abstract int MostRows { get; }

    /// <summary>The reader of a handle.</summary>
    public static RowReader At(nint handle) => GCHandle<RowReader>.FromIntPtr(handle).Target;

    /// <summary>Reads some rows. Any thread of the team may.</summary>
    /// <returns>Where they lie until the thread reads others.</returns>
    /// <exception cref="RunnerLostException">They cannot be read.</exception>
    public abstract WeightRows Read(int first, int count);

    public void Dispose() => _handle.Dispose();
}
