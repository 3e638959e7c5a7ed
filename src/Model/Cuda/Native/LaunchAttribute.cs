using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary><c>CUlaunchAttribute</c>: its value is a union of 64 bytes, of which the first four are the number that those have which are used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct LaunchAttribute
{
    [FieldOffset(0)]
    public LaunchAttributeId Id;

    [FieldOffset(8)]
    public int Value;
}
