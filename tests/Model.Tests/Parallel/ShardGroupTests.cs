using System.Collections.Concurrent;
using Llama.Model.Backends;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Simd;
using Llama.Model.Parallel;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Parallel;

/// <summary>A step is over for all devices of a group before the next begins, and a failure of any ends with its step.</summary>
[HoldsTensors]
public sealed unsafe class ShardGroupTests
{
    private const int Devices = 3, Steps = 400, RowCount = 2;

    private static readonly LlamaConfig Config = SmallLlama.Config with { HeadCount = 6, KvHeadCount = 3 };

    private readonly int[] _begun = new int[Devices]; // steps
    private readonly ConcurrentQueue<string> _faults = new();

    [Fact]
    public void EndStep_WhoeverFailsWhenever_IsPassedByAllTogether_AndTheNextStepIsWhole()
    {
        Random random = new(1);
        (int Device, bool IsLate)[] failures = [.. Enumerable.Range(0, Steps).Select(_ => (random.Next(2) == 0 ? -1 : random.Next(Devices), random.Next(2) == 0))];
        using ShardGroup group = new(Devices);
        group.Connect(Config, BackendChoice.AllOf(new ModelOptions { Path = "", Device = "cpu", TensorParallel = Devices }), tokens: 4, samples: 4, deterministic: false);
        Thread[] threads = [.. Enumerable.Range(0, Devices).Select(device => new Thread(() => Live(group, device, failures)) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();
        Assert.All(threads, thread => Assert.True(thread.Join(TimeSpan.FromMinutes(5)), "a device waits for ever"));
        Assert.Empty(_faults);
    }

    private void Live(ShardGroup group, int device, (int Device, bool IsLate)[] failures)
    {
        using HostBackend backend = HostBackend.Scalar(ScalarType.Float32);
        using ShardedKernels kernels = group.Join(ModelPart.Whole(Config) with { Shard = device, ShardCount = Devices }, SimdKernels.CreateScalar(ScalarType.Float32), backend, samples: 4);
        using Matrix part = HostMemory.Instance.Empty(RowCount, Shard.Of(Config, device, Devices).Vocabulary.Count, ScalarType.Float32);
        Random random = new(device);
        for (int step = 0; step < Steps; step++)
        {
            Volatile.Write(ref _begun[device], step + 1);
            Thread.SpinWait(random.Next(3000));
            bool fails = failures[step].Device == device;
            try
            {
                if (fails && !failures[step].IsLate) throw new InvalidDataException();
                Gather(kernels, part, device, step);
                if (fails) throw new InvalidDataException();
            }
            catch (Exception failure)
            {
                if (failures[step].Device < 0) _faults.Enqueue($"step {step} failed on device {device}: {failure.Message}");
                group.Fail(device, step, failure);
            }
            group.EndStep(device, step);
            for (int other = 0; other < Devices; other++)
                if (Volatile.Read(ref _begun[other]) <= step) _faults.Enqueue($"device {device} has left step {step}, which {other} has not begun");
        }
    }

    private void Gather(ShardedKernels kernels, Matrix part, int device, int step)
    {
        new Span<float>(part.Data, part.Rows * part.Columns).Fill(ValueOf(device, step));
        Matrix whole = kernels.Gather(part);
        if (device > 0) return;
        for (int other = 0; other < Devices; other++)
        {
            Slice tokens = Shard.Of(Config, other, Devices).Vocabulary;
            for (int row = 0; row < RowCount; row++)
                if (new ReadOnlySpan<float>(whole.Floats + row * whole.Columns + tokens.Start, tokens.Count).ContainsAnyExcept(ValueOf(other, step))) _faults.Enqueue($"step {step} has another step's numbers of device {other}");
        }
    }

    private static float ValueOf(int device, int step) => Devices * step + device;
}
