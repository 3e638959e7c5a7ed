using System.Runtime.InteropServices;
using Llama.Model.Threads;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Plain;

/// <summary>Memory of a torch device, for the plain kernels, which multiply no codes there.</summary>
internal sealed unsafe partial class TorchMemory : DeviceMemory
{
    private readonly Device _device;

    /// <param name="name">Of a torch device, such as <c>cuda:0</c>.</param>
    public TorchMemory(string name)
    {
        RunnerThread.UseTorch();
        _device = device(name);
    }

    public override bool HoldsCodes => false;

    public override long FreeBytes() => cuMemGetInfo_v2(out nuint free, out _) == 0
        ? (long)free
        : throw new InvalidOperationException("The CUDA driver does not tell its free memory (cuMemGetInfo). Set Model:BlockCount.");

    public override Matrix Empty(int rows, int columns, ScalarType dtype) => Matrix.Of(empty(rows, columns, dtype: dtype, device: _device));

    public override Matrix Place(Matrix onHost, ScalarType dtype)
    {
        using (onHost)
        {
            using Tensor moved = onHost.Tensor.to(_device, copy: true); // bytes first, conversion there: the device is the faster of the two
            return Matrix.Of(moved.to(dtype));
        }
    }

    public override void Upload(Matrix onHost, Matrix target) => target.Tensor.copy_(onHost.Tensor);

    public override void Download(Matrix matrix, void* target)
    {
        using Tensor onHost = matrix.Tensor.cpu();
        NativeMemory.Copy(Checkpoints.TensorMemory.Data(onHost), target, (nuint)matrix.ByteCount);
    }

    [LibraryImport("libcuda.so.1")]
    private static partial int cuMemGetInfo_v2(out nuint free, out nuint total);
}
