using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Kernels;
using Llama.Model.Parallel;
using Llama.Model.Tests.Cuda.Emulator;
using Llama.Model.Tests.Gguf;
using Llama.Model.Tests.Kernels;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

/// <summary>Matrices and weights on an emulated device against the same on the host.</summary>
[HoldsTensors]
public sealed unsafe class CudaMemoryTests
{
    public static TheoryData<ScalarType, ScalarType> Conversions => new()
    {
        { ScalarType.Float32, ScalarType.Float32 }, { ScalarType.Float32, ScalarType.BFloat16 }, { ScalarType.Float16, ScalarType.BFloat16 }, { ScalarType.Float16, ScalarType.Float32 },
        { ScalarType.BFloat16, ScalarType.BFloat16 }, { ScalarType.BFloat16, ScalarType.Float32 }, { ScalarType.Byte, ScalarType.Byte },
    };

    [Theory]
    [MemberData(nameof(Conversions))]
    public void Place_AnyTypes_HasTheBytesOfTheHosts(ScalarType from, ScalarType to)
    {
        using Room room = new();
        foreach ((int rows, int columns) in new[] { (1, 1), (3, 7), (257, 1000), (3000, 3000) }) // the last needs several pieces, so that both buffers are used again
        {
            using Matrix expected = HostMemory.Instance.Place(Random(rows, columns, from), to), placed = room.Memory.Place(Random(rows, columns, from), to);
            Assert.Equal((rows, columns, to, false), (placed.Rows, placed.Columns, placed.Dtype, placed.IsOnHost));
            Assert.True(Bytes(expected).SequenceEqual(room.Download(placed)));
        }
    }

    [Fact]
    public void Tensor_OnTheDevice_IsRefusedWithTheReason()
    {
        using Room room = new();
        using Matrix matrix = room.Memory.Empty(4, 4, ScalarType.Float32);
        Assert.Contains("plain kernels", Assert.Throws<InvalidOperationException>(() => matrix.Tensor).Message);
        Assert.Contains("plain kernels", Assert.Throws<InvalidOperationException>(() => matrix.Take(2).Tensor).Message);
    }

    [Fact]
    public void Rows_OfEitherType_ArriveInFloat32()
    {
        using Room room = new();
        HostRows onHost = new(room.Memory);
        foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            using Matrix placed = room.Memory.Place(Random(9, 31, ScalarType.Float32), dtype), expected = HostMemory.Instance.Place(HostMemory.Instance.Place(Random(9, 31, ScalarType.Float32), dtype), ScalarType.Float32);
            Assert.True(Bytes(expected).SequenceEqual(new ReadOnlySpan<byte>(onHost.Of(placed), 9 * 31 * sizeof(float))));
        }
    }

    [Theory]
    [InlineData("safetensors", "auto", false)]
    [InlineData("safetensors", "float32", true)]
    [InlineData("safetensors", "int8", true)]
    [InlineData("safetensors", "int4-g32-zp", false)]
    [InlineData("F16", "auto", false)]
    [InlineData("Q4_0", "auto", true)]
    [InlineData("Q8_0", "bfloat16", true)]
    public void Weights_OfAnyCheckpoint_AreThoseOfTheHost(string file, string dtype, bool tied)
    {
        using GgufFolder folder = new(dtype: TensorDtype.F16, change: config => config with { TieWordEmbeddings = tied });
        string path = file == "safetensors" ? folder.Checkpoint : folder.Convert(file);
        WeightFormat format = WeightFormat.Parse(dtype);
        using Room room = new();
        using LlamaWeights onHost = new(WeightSource.Open(path, format, HostMemory.Instance));

        long before = room.Driver.MemoryInfo().Free;
        IWeightSource source = WeightSource.Open(path, format, room.Memory);
        long demand = WeightDemand.Bytes(source, format.Dtype, ModelPart.Whole(source.Config));
        using LlamaWeights onDevice = new(source);
        demand += WeightsOf(onDevice).OfType<QuantizedWeight>().Where(weight => weight.Minima is null).Sum(weight => weight.Scales.ByteCount / 2); // which only kernels would make float16

        int matrices = 3 * CheckpointLayout.Expected(source.Config).Count();
        Assert.InRange(before - room.Driver.MemoryInfo().Free, demand, demand + 256 * matrices); // each takes whole units of 256 bytes
        Assert.Equal(demand, onDevice.ByteCount);
        Assert.IsType<DenseWeight>(onDevice.Embedding);
        Assert.Equal(tied && onDevice.Head is DenseWeight, onDevice.Head == onDevice.Embedding);
        foreach ((Weight one, Weight other) in WeightsOf(onHost).Zip(WeightsOf(onDevice))) room.AssertEqual(one, other);
        room.AssertEqual(onHost.Embedding is QuantizedWeight codes ? codes.ToDense(format.Dtype) : onHost.Embedding!, onDevice.Embedding!);
        foreach ((LayerWeights host, LayerWeights device) in onHost.Layers.Zip(onDevice.Layers))
        {
            Assert.True(Bytes(host.Attention.Norm).SequenceEqual(room.Download(device.Attention.Norm)) && Bytes(host.Mlp.Norm).SequenceEqual(room.Download(device.Mlp.Norm)));
        }
    }

    [Fact]
    public void Open_DeviceTooSmall_SaysTheNumbersBeforeAnythingIsUploaded()
    {
        using GgufFolder folder = new(change: config => config with { HiddenSize = 512, IntermediateSize = 1408, HeadDim = 128 });
        using Room room = new(bytes: 16 << 20);
        long before = room.Driver.MemoryInfo().Free;
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(() => WeightSource.Open(folder.Checkpoint, WeightFormat.Parse("float32"), room.Memory));
        Assert.Matches(@"^The weights need \d\d MiB of the device's memory, and 16 MiB are free\. Use Model:Dtype=int8 \(\d+ MiB\), Model:Dtype=int4 \(\d+ MiB\), a smaller model, or another Model:Device\.$", error.Message);
        Assert.Equal(before, room.Driver.MemoryInfo().Free);
    }

    [Fact]
    public void ToDense_AnyCodes_AreWhatTheOracleWidens()
    {
        TorchLibrary.Load();
        foreach ((int bits, int? group, bool minima) in new (int, int?, bool)[] { (8, null, false), (8, 32, false), (4, 64, false), (4, 16, true), (4, 128, true), (8, 256, true) })
        {
            using QuantizedWeight codes = RandomCodes.Weight(33, 272, bits, group, minima, seed: 1);
            using DenseWeight single = codes.ToDense(ScalarType.Float32), half = codes.ToDense(ScalarType.BFloat16);
            using Tensor expected = codes.Widen(), rounded = single.Values.Tensor.to(ScalarType.BFloat16);
            Assert.True(allclose(expected, single.Values.Tensor, rtol: 1e-6, atol: 1e-6));
            Assert.True(rounded.eq(half.Values.Tensor).all().item<bool>());
        }
    }

    // Those of products.
    private static IEnumerable<Weight> WeightsOf(LlamaWeights weights) =>
        weights.Layers.SelectMany(layer => (Weight[])[layer.Attention.Query, layer.Attention.Key, layer.Attention.Value, layer.Attention.Output, layer.Mlp.Gate, layer.Mlp.Up, layer.Mlp.Down]).Append(weights.Head!);

    private static ReadOnlySpan<byte> Bytes(Matrix matrix) => new(matrix.Data, checked((int)matrix.ByteCount));

    private static Matrix Random(int rows, int columns, ScalarType dtype)
    {
        Matrix matrix = HostMemory.Instance.Empty(rows, columns, dtype);
        byte[] pattern = new byte[100_003];
        new Random(rows).NextBytes(pattern);
        for (long start = 0; start < matrix.ByteCount; start += pattern.Length)
            pattern.AsSpan(0, (int)Math.Min(pattern.Length, matrix.ByteCount - start)).CopyTo(new Span<byte>((byte*)matrix.Data + start, pattern.Length));
        return matrix;
    }

    /// <summary>An emulated device with nothing but its memory.</summary>
    private sealed class Room : IDisposable
    {
        private readonly CudaStream _stream;

        public Room(long bytes = 1L << 30)
        {
            Driver = new EmulatedDriver(bytes);
            _stream = new CudaStream(Driver, new EmulatedCompiler());
            Memory = new CudaMemory(_stream);
        }

        public EmulatedDriver Driver { get; }

        public CudaMemory Memory { get; }

        public byte[] Download(Matrix matrix)
        {
            byte[] bytes = new byte[matrix.ByteCount];
            fixed (byte* target = bytes) Memory.Download(matrix, target);
            return bytes;
        }

        public void AssertEqual(Weight host, Weight device)
        {
            Assert.Equal((host.GetType(), host.Outputs, host.Inputs), (device.GetType(), device.Outputs, device.Inputs));
            foreach ((Matrix? one, Matrix? other) in Parts(host).Zip(Parts(device)))
            {
                Assert.Equal(one is null, other is null);
                if (one is not null) Assert.True(Bytes(one).SequenceEqual(Download(other!)));
            }
        }

        public void Dispose()
        {
            Memory.Dispose();
            _stream.Dispose();
            string leaks = Driver.Leaks;
            Driver.Dispose();
            Assert.Equal("", leaks);
        }

        private static Matrix?[] Parts(Weight weight) => weight is QuantizedWeight codes ? [codes.Codes, codes.Scales, codes.Minima] : [((DenseWeight)weight).Values];
    }
}
