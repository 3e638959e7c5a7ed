using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;
using Llama.Model.Tests.Cuda.Fake;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

[HoldsTensors]
public sealed unsafe class CublasProductsTests
{
    private static readonly ScalarType[] Types = [ScalarType.BFloat16, ScalarType.Float32];

    [GccFact]
    public void Multiply_OverShapesAndTypes_IsInputTimesWeightTransposed()
    {
        using FakeDriver driver = new();
        using FakeLibrary fake = new("cublas.c", "libcublas.so.12");
        using CudaDriver device = driver.Devices.Open(0);
        nint stream = device.CreateStream();
        using CublasProducts products = new(device, stream, Library(fake));
        using Generator random = new(7);
        foreach ((int rows, int outputs, int inputs) in new[] { (1, 1, 1), (3, 5, 7), (8, 4, 16), (1, 33, 9), (17, 2, 5) })
            foreach (ScalarType type in Types)
                foreach (ScalarType outputType in Types)
                    foreach (float beta in new[] { 0f, 1f })
                    {
                        Tensor input = Random(rows, inputs, type), weight = Random(outputs, inputs, type);
                        Tensor output = beta == 0 ? full(rows, outputs, float.NaN).to(outputType) : Random(rows, outputs, outputType); // with 0, what was there is not read
                        Tensor expected = input.to(float32).matmul(weight.to(float32).T) + (beta == 0 ? 0 : output.to(float32));
                        Tensor wide = full(rows, outputs + 3, 7).to(outputType); // the output as a slice of it
                        using (Tensor slice = wide.narrow(1, 2, outputs)) slice.copy_(output);
                        products.Multiply(Address(input), Address(weight), Address(output), rows, outputs, inputs, outputs, type, outputType, beta);
                        products.Multiply(Address(input), Address(weight), Address(wide) + 2 * (nint)wide.element_size(), rows, outputs, inputs, outputs + 3, type, outputType, beta);
                        Assert.True(output.to(float32).allclose(expected, 1e-2, 1e-2), $"{rows} {outputs} {inputs} {type} {outputType} {beta}");
                        Assert.True(wide.narrow(1, 2, outputs).eq(output).all().item<bool>(), $"{rows} {outputs} {inputs} {type} {outputType} {beta}");
                        Assert.True(cat([wide.narrow(1, 0, 2), wide.narrow(1, outputs + 2, 1)], 1).eq(7).all().item<bool>());
                    }
        products.Multiply(0, 0, 0, 0, 5, 7, 5, ScalarType.Float32, ScalarType.Float32, 0); // no rows: nothing to do, which cuBLAS would refuse
        device.DestroyStream(stream);

        Tensor Random(int rows, int columns, ScalarType type) => randn(rows, columns, generator: random).to(type);
    }

    [GccFact]
    public void Dispose_GivesHandleAndWorkspaceBack()
    {
        using FakeDriver driver = new();
        using FakeLibrary fake = new("cublas.c", "libcublas.so.12");
        using CudaDriver device = driver.Devices.Open(0);
        int before = driver.Live;
        new CublasProducts(device, 1, Library(fake)).Dispose();
        Assert.Equal(before, driver.Live);
        Assert.Equal(0, ((delegate* unmanaged<int>)fake["fake_live"])());
    }

    [GccFact]
    public void Faults_NameTheCallTheStatusAndTheRemedy()
    {
        using FakeDriver driver = new();
        using FakeLibrary fake = new("cublas.c", "libcublas.so.12");
        using CudaDriver device = driver.Devices.Open(0);
        int before = driver.Live;
        var fail = (delegate* unmanaged<int, void>)fake["fake_fail"];
        fail(3);
        var e = Assert.Throws<CudaException>(() => new CublasProducts(device, 1, Library(fake)));
        Assert.StartsWith("cublasCreate failed: CUBLAS_STATUS_ALLOC_FAILED (3). cuBLAS needs", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, driver.Live);
        fail(0);
        using CublasProducts products = new(device, 1, Library(fake));
        fail(15);
        e = Assert.Throws<CudaException>(() => products.Multiply(0, 0, 0, 2, 3, 4, 3, ScalarType.BFloat16, ScalarType.Float32, 0));
        Assert.StartsWith("cublasGemmEx of 2 × 4 with 3 × 4 (BFloat16 to Float32) failed: CUBLAS_STATUS_OTHER (15). This cuBLAS does not know", e.Message, StringComparison.Ordinal);
    }

    private static CudaLibrary Library(FakeLibrary fake) => fake.As(ToolkitLibrary.Cublas);

    private static nint Address(Tensor tensor) => (nint)TensorMemory.Data(tensor);
}
