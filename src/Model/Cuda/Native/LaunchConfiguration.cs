using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary><c>CUlaunchConfig</c>: how a kernel is laid out, where it goes and what else is wanted of its launch.</summary>
/// <param name="shape">Blocks, threads and shared memory.</param>
/// <param name="stream">Where it is enqueued.</param>
/// <param name="attributes">Good during the launch.</param>
/// <param name="attributeCount">How many.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct LaunchConfiguration(LaunchShape shape, nint stream, LaunchAttribute* attributes, uint attributeCount)
{
    private readonly uint _gridX = (uint)shape.GridX, _gridY = (uint)shape.GridY, _gridZ = (uint)shape.GridZ;
    private readonly uint _blockX = (uint)shape.Threads, _blockY = 1, _blockZ = 1;
    private readonly uint _sharedBytes = (uint)shape.SharedBytes;
    private readonly nint _stream = stream;
    private readonly LaunchAttribute* _attributes = attributes;
    private readonly uint _attributeCount = attributeCount;
}
