using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Between tensors and raw memory. TorchSharp has no public call for either way with every type, its native library has.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>A CPU tensor on <paramref name="data"/>, without a copy. The memory must outlive the tensor and every view of it.</summary>
    public static Tensor Wrap(void* data, long[] shape, ScalarType dtype)
    {
        RunnerThread.UseTorch();
        fixed (long* sizes = shape)
        {
            nint handle = THSTensor_new((nint)data, &KeepMemory, sizes, shape.Length, (sbyte)dtype, (sbyte)dtype, (int)TorchSharp.DeviceType.CPU, 0, 0);
            if (handle == 0) CheckForErrors();
            return Tensor.UnsafeCreateTensor(handle);
        }
    }

    /// <summary>Address of a tensor's first element, on the tensor's device; good while the tensor lives.</summary>
    public static void* Data(Tensor tensor)
    {
        void* data = (void*)THSTensor_data(tensor.Handle);
        GC.KeepAlive(tensor);
        return data;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void KeepMemory(nint data) { }

    [DllImport("LibTorchSharp")]
    [SuppressMessage("Style", "IDE1006", Justification = "The native name.")]
    private static extern nint THSTensor_new(nint data, delegate* unmanaged[Cdecl]<nint, void> deleter, long* sizes, int sizeCount,
        sbyte type, sbyte dtype, int deviceType, int deviceIndex, byte requiresGrad);

    [DllImport("LibTorchSharp")]
    [SuppressMessage("Style", "IDE1006", Justification = "The native name.")]
    private static extern nint THSTensor_data(nint tensor);
}
