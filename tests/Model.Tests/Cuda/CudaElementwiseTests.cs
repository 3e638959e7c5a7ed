using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Tests.Cuda.Emulator;
using static TorchSharp.torch;
using Device = Llama.Model.Tests.Cuda.Emulator.Device;

namespace Llama.Model.Tests.Cuda;

/// <summary>What is done to every element, on the emulated device, against the plain kernels.</summary>
[HoldsTensors]
public sealed class CudaElementwiseTests
{
    [CudaEmulatorTheory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    public void RmsNorm_AnyWidth_EqualsPlain(ScalarType activations)
    {
        using Device device = new();
        CudaElementwise kernels = new(device.Stream, activations);
        foreach (int columns in new[] { 2, 30, 64, 250, 2048, 8200 })
        {
            using Matrix x = Random(5, columns, 1), weight = Random(1, columns, 2), expected = Random(5, columns, 3);
            new PlainKernels().RmsNorm(x, weight, 1e-5f, expected);
            Matrix input = device.Upload(x.Tensor), factors = device.Upload(weight.Tensor), output = Garbage(device, 5, columns, activations);
            kernels.RmsNorm(input, factors, 1e-5f, output);
            AssertClose(device, expected, output, columns);
            kernels.RmsNorm(input, factors, 1e-5f, input);
            AssertClose(device, expected, input, columns);
        }
    }

    [CudaEmulatorTheory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    public void SiluMultiply_AnyWidth_EqualsPlain(ScalarType activations)
    {
        using Device device = new();
        CudaElementwise kernels = new(device.Stream, activations);
        foreach ((int rows, int columns) in new[] { (1, 2), (3, 30), (4, 688), (7, 1030) })
        {
            using Matrix gate = Rounded(Random(rows, columns, 1), activations), up = Rounded(Random(rows, columns, 2), activations);
            (gate.Tensor[0, 0], gate.Tensor[0, 1]) = (tensor(-200f), tensor(200f)); // silu is -0 and 200
            Matrix onDevice = device.Upload(gate.Tensor, activations);
            kernels.SiluMultiply(onDevice, device.Upload(up.Tensor, activations));
            new PlainKernels().SiluMultiply(gate, up);
            AssertClose(device, gate, onDevice, rows);
        }
    }

    [CudaEmulatorTheory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]
    public void EmbedAndTakeRows_AnyWidth_EqualPlain(ScalarType table)
    {
        using Device device = new();
        CudaElementwise kernels = new(device.Stream, table);
        foreach (int columns in new[] { 2, 30, 300, 4096 })
        {
            ForwardBatch batch = new(40, 1, 1) { TokenCount = 40 };
            for (int t = 0; t < 40; t++) batch.TokenIds[t] = t * t % 23;
            using Matrix values = Matrix.Of(Random(23, columns, 1).Tensor.to(table, copy: true)), expected = Random(40, columns, 2);
            new PlainKernels().Embed(new DenseWeight(values), batch, expected);
            Matrix output = Garbage(device, 40, columns, ScalarType.Float32), taken = Garbage(device, 3, columns, ScalarType.Float32);
            kernels.Embed(new DenseWeight(device.Upload(values.Tensor)), device.Upload(batch), output);
            kernels.TakeRows(output, device.Of([31, 0, 7]), taken);
            using Tensor all = device.Download(output), some = device.Download(taken);
            Assert.Equal(0, Tensors.Difference(expected.Tensor, all));
            Assert.Equal(0, Tensors.Difference(expected.Tensor.index_select(0, tensor(new long[] { 31, 0, 7 })), some));
        }
    }

    private static Matrix Random(int rows, int columns, int seed)
    {
        Random random = new(seed * 7919 + columns);
        return Matrix.Of(tensor([.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextDouble() * 8 - 4))], [rows, columns]));
    }

    private static Matrix Rounded(Matrix matrix, ScalarType dtype) => Matrix.Of(matrix.Tensor.to(dtype).to(ScalarType.Float32, copy: true));

    private static Matrix Garbage(Device device, int rows, int columns, ScalarType dtype) => device.Upload(full([rows, columns], float.NaN), dtype);

    // Of float32 some units of the last place, of bfloat16 half a one, both relative.
    private static void AssertClose(Device device, Matrix expected, Matrix actual, int shape)
    {
        using Tensor stored = device.Download(actual);
        double tolerance = actual.Dtype == ScalarType.Float32 ? 4e-6 : 1.0 / 256;
        double excess = ((expected.Tensor - stored).abs() - expected.Tensor.abs() * tolerance).max().item<float>();
        Assert.True(excess <= 1e-6, $"{shape}: {excess:E2} beyond what is allowed");
    }
}
