using Llama.Model.Kernels;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>Matrices of the emulated device, from values and back. What is bfloat16 there is float32 here.</summary>
internal static unsafe class DeviceMatrix
{
    /// <summary>[values.Length / columns, columns]; the device keeps the memory.</summary>
    public static Matrix Matrix(this Device device, float[] values, int columns, ScalarType dtype)
    {
        nint data = dtype == ScalarType.BFloat16 ? device.Of([.. values.Select(Bits)]) : device.Of(values);
        return new Matrix((void*)data, values.Length / columns, columns, dtype, isOnHost: false, free: null);
    }

    /// <summary>Replaces all values.</summary>
    public static void Write(this Device device, Matrix matrix, float[] values)
    {
        device.Stream.Synchronize();
        byte[] bytes = matrix.Dtype == ScalarType.BFloat16
            ? [.. values.SelectMany(value => BitConverter.GetBytes(Bits(value)))]
            : [.. values.SelectMany(BitConverter.GetBytes)];
        fixed (byte* source = bytes) device.Driver.Copy((nint)matrix.Data, (nint)source, bytes.Length);
    }

    /// <summary>All values, after all that was enqueued.</summary>
    public static float[] Read(this Device device, Matrix matrix)
    {
        int count = matrix.Rows * matrix.Columns;
        return matrix.Dtype == ScalarType.BFloat16 ? [.. device.Read<ushort>((nint)matrix.Data, count).Select(Value)] : device.Read<float>((nint)matrix.Data, count);
    }

    /// <summary>Values between −1 and 1 that a type can hold.</summary>
    public static float[] Random(int count, ScalarType dtype, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1)).Select(value => dtype == ScalarType.BFloat16 ? Value(Bits(value)) : value)];
    }

    // To the nearest, ties to even.
    private static ushort Bits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    private static float Value(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
