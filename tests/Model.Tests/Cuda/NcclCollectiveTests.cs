using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;
using Llama.Model.Kernels;
using Llama.Model.Parallel;
using Llama.Model.Tests.Cuda.Fake;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Cuda;

/// <summary>What is asked of NCCL, by a library that does what is asked of it.</summary>
[HoldsTensors]
public sealed unsafe class NcclCollectiveTests
{
    [GccFact]
    public void Exchanges_OfAnyShape_GiveEachDeviceTheSum_AndTheFirstTheWhole()
    {
        const int count = 3;
        using Rig rig = new(count);
        Exception?[] failures = rig.Run(_ => null, (device, collective) =>
        {
            Random shapes = new(1);
            for (int round = 0; round < 20; round++)
            {
                int rows = shapes.Next(1, 5), columns = shapes.Next(1, 40);
                using Matrix sum = Filled(rows, columns, round + device);
                collective.Sum(sum);
                for (int i = 0; i < rows * columns; i++) Assert.Equal(Enumerable.Range(0, count).Sum(other => Value(round + other, i)), sum.Floats[i], 1e-4f);
                using Matrix part = Filled(rows, device + 1, round + device), whole = HostMemory.Instance.Empty(rows, 6, ScalarType.Float32);
                collective.Gather(part, device == 0 ? whole : null);
                if (device > 0) continue;
                for (int row = 0; row < rows; row++)
                    Assert.Equal(
                        Enumerable.Range(0, count).SelectMany(other => Enumerable.Range(0, other + 1).Select(i => Value(round + other, row * (other + 1) + i))),
                        new ReadOnlySpan<float>(whole.Floats + row * 6, 6).ToArray());
            }
        });
        Assert.All(failures, Assert.Null);
        rig.Group.Dispose();
        Assert.Equal((0, 0), (rig.Live, rig.Aborted));
    }

    [GccFact]
    public void AFailure_EndsWhatWaits_AndEveryCallAfterIt()
    {
        using Rig rig = new(2);
        InvalidDataException? lost = null;
        Exception?[] failures = rig.Run(_ => lost, (device, collective) =>
        {
            using Matrix matrix = Filled(1, 4, device);
            collective.Sum(matrix);
            if (device == 1)
            {
                lost = new InvalidDataException("lost");
                rig.Group.GiveUp();
            }
            for (int i = 0; i < 2; i++) collective.Sum(matrix); // the first waits for who will not come, unless it comes too late for that
        });
        Assert.All(failures, failure => Assert.Equal("lost", Assert.IsType<PeerFailedException>(failure).InnerException!.Message));
        rig.Group.GiveUp();
        rig.Group.Dispose();
        Assert.Equal((0, 2), (rig.Live, rig.Aborted));
    }

    [GccFact]
    public void GiveUp_WithACallUnderWay_WaitsForIt_AndLetsNoneBegin()
    {
        using Rig rig = new(1, patience: Timeout.InfiniteTimeSpan);
        rig.Hold(true);
        Thread calling = new(() => rig.Run(_ => null, (device, collective) =>
        {
            using Matrix matrix = Filled(1, 4, device);
            collective.Sum(matrix);
        }));
        calling.Start();
        SpinWait.SpinUntil(() => rig.IsHeld);
        Thread givingUp = new(rig.Group.GiveUp);
        givingUp.Start();
        SpinWait.SpinUntil(() => IsClosed(rig.Group));
        Assert.Equal(0, rig.Aborted);

        rig.Hold(false);
        givingUp.Join();
        Assert.Equal(1, rig.Aborted);
        calling.Join();

        static bool IsClosed(NcclGroup group)
        {
            if (!group.TryBegin()) return true;
            group.End();
            return false;
        }
    }

    [GccFact]
    public void Faults_NameTheCallAndWhatNcclSays()
    {
        using Rig rig = new(2);
        rig.Fail(2);
        Exception?[] failures = rig.Run(_ => null, (_, collective) =>
        {
            using Matrix matrix = Filled(1, 4, 1);
            collective.Sum(matrix);
        });
        Assert.All(failures, failure => Assert.StartsWith("ncclAllReduce failed: unhandled system error (2).", Assert.IsType<CudaException>(failure).Message, StringComparison.Ordinal));
        Assert.StartsWith("ncclCommInitAll of cuda:0, cuda:3 failed: ", Assert.Throws<CudaException>(() => new NcclGroup(rig.Library, [0, 3])).Message, StringComparison.Ordinal);
    }

    [GccFact]
    public void TryFind_AnOldNccl_SaysWhatIsNeeded()
    {
        using FakeLibrary fake = new("nccl.c", "usr/local/cuda/lib64/libnccl.so.2", "-DVERSION=20804");
        Assert.False(CudaLibraries.TryFind(ToolkitLibrary.Nccl, new Version(12, 4), new LibraryPlaces(_ => null, "/nowhere", fake.Folder), [], out _, out string? reason));
        Assert.Equal($"no usable libnccl: {fake.File} is of version 2.8.4. Needed is 2.10 or newer.", reason);
    }

    private static float Value(int seed, int i) => (seed * 31 + i * 17) % 64 / 8f;

    private static Matrix Filled(int rows, int columns, int seed) => HostMemory.Of([.. Enumerable.Range(0, rows * columns).Select(i => Value(seed, i))], rows, columns);

    /// <summary>Devices that NCCL connects, each with a thread.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly FakeDriver _driver = new();
        private readonly FakeLibrary _fake = new("nccl.c", "libnccl.so.2");
        private readonly CudaDriver _device; // where the first copies its part; the others make no call
        private readonly CudaStream _stream;
        private readonly int _count;

        public Rig(int count, TimeSpan? patience = null)
        {
            _count = count;
            _device = _driver.Devices.Open(0);
            _stream = new CudaStream(_device, new QuietDriver());
            Library = _fake.As(ToolkitLibrary.Nccl);
            Group = new NcclGroup(Library, [.. Enumerable.Range(0, count)], patience);
        }

        public CudaLibrary Library { get; }

        public NcclGroup Group { get; }

        public int Live => ((delegate* unmanaged<int>)_fake["fake_live"])();

        public int Aborted => ((delegate* unmanaged<int>)_fake["fake_aborted"])();

        public bool IsHeld => ((delegate* unmanaged<int>)_fake["fake_held"])() != 0;

        /// <summary>Whether sums wait within their call.</summary>
        public void Hold(bool on) => ((delegate* unmanaged<int, void>)_fake["fake_hold"])(on ? 1 : 0);

        public void Fail(int result) => ((delegate* unmanaged<int, void>)_fake["fake_fail"])(result);

        public Exception?[] Run(Func<int, Exception?> failure, Action<int, ICollective> work)
        {
            Exception?[] failures = new Exception?[_count];
            Thread[] threads = [.. Enumerable.Range(0, _count).Select(device => new Thread(() => failures[device] = Record.Exception(() => Work(device, failure, work))))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            return failures;
        }

        public void Dispose()
        {
            _stream.Dispose();
            _device.Dispose();
            _fake.Dispose();
            _driver.Dispose();
        }

        private void Work(int device, Func<int, Exception?> failure, Action<int, ICollective> work) =>
            work(device, new NcclCollective(Group, device, _stream, [.. Enumerable.Range(1, _count)], () => failure(device)));
    }
}
