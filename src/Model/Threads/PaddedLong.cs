using System.Runtime.InteropServices;

namespace Llama.Model.Threads;

/// <summary>A number alone in its cache lines (processors fetch them in pairs of 64 bytes), so that threads that watch it are not disturbed by their neighbours' writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PaddedLong
{
    [FieldOffset(128)]
    public long Value;

    /// <summary>The core on which it was last raised; of use to who waits for that. Not noted by all.</summary>
    [FieldOffset(136)]
    public int Core;
}
