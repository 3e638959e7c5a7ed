using Llama.Model.Kernels;
using Llama.Model.Parallel;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Parallel;

/// <summary>Sums and gathers over threads against plain loops, and what becomes of them when one fails.</summary>
[HoldsTensors]
public sealed unsafe class HostCollectiveTests
{
    private const int MostElements = 40_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void ManyExchanges_OfRandomShapes_GiveEachDeviceTheSum_AndTheFirstTheWhole(int count)
    {
        const int rounds = 200;
        using Group group = new(count);
        group.Run((device, collective) =>
        {
            Random shapes = new(1); // the same for all
            for (int round = 0; round < rounds; round++)
            {
                int rows = shapes.Next(1, 6), columns = shapes.Next(1, 9) == 1 ? shapes.Next(1, 7000) : shapes.Next(1, 50);
                using Matrix sum = Random(rows, columns, seed: round * count + device);
                collective.Sum(sum);
                Matrix[] all = [.. Enumerable.Range(0, count).Select(other => Random(rows, columns, seed: round * count + other))];
                for (int i = 0; i < rows * columns; i++)
                {
                    float expected = all[0].Floats[i];
                    foreach (Matrix other in all.Skip(1)) expected += other.Floats[i];
                    Assert.Equal(expected, sum.Floats[i]);
                }
                using Matrix part = Random(rows, device + 1, seed: round * count + device), whole = HostMemory.Instance.Empty(rows, count * (count + 1) / 2, ScalarType.Float32);
                collective.Gather(part, device == 0 ? whole : null);
                if (device == 0)
                    for (int other = 0, column = 0; other < count; other++)
                        for (int i = 0; i <= other; i++, column++)
                            for (int row = 0; row < rows; row++)
                                Assert.Equal(Random(rows, other + 1, seed: round * count + other).Floats[row * (other + 1) + i], whole.Floats[row * whole.Columns + column]);
                foreach (Matrix other in all) other.Dispose();
            }
        });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void AFailureAtAnyExchange_EndsAllWithIt_AndAfterAResetTheyGoOn(int count)
    {
        using Group group = new(count);
        Random random = new(4);
        for (int round = 0; round < 30; round++)
        {
            int failing = random.Next(count), at = random.Next(5);
            bool isLate = random.Next(2) == 0;
            Exception[] failures = group.RunToFailure((device, collective) =>
            {
                for (int i = 0; i < 5; i++)
                {
                    if (device == failing && i == at)
                    {
                        if (isLate) Thread.Sleep(2); // the others wait, perhaps asleep
                        throw new InvalidDataException("lost");
                    }
                    using Matrix matrix = Random(1, 10, seed: i);
                    collective.Sum(matrix);
                }
                throw new InvalidOperationException("nobody may come to the end but before the failure");
            });
            Assert.IsType<InvalidDataException>(failures[failing]);
            Assert.All(failures.Where((_, device) => device != failing), failure => Assert.Equal("lost", Assert.IsType<PeerFailedException>(failure).InnerException!.Message));
            Assert.Equal("lost", group.Barrier.Failure!.Message);
            group.Barrier.Reset();
            group.Run((device, collective) =>
            {
                using Matrix ones = HostMemory.Of([1, 2], 1, 2);
                collective.Sum(ones);
                Assert.Equal(2 * count, ones.Floats[1]);
            });
        }
    }

    [Fact]
    public void Sum_WhenWarm_AllocatesNothing()
    {
        using Group group = new(2);
        group.Run((_, collective) =>
        {
            using Matrix matrix = Random(2, 300, seed: 1);
            for (int i = 0; i < 10; i++) collective.Sum(matrix);
            long allocated = Allocated.InStretch(() =>
            {
                for (int i = 0; i < 100; i++) collective.Sum(matrix);
            });
            Assert.Equal(0, allocated);
        });
    }

    private static Matrix Random(int rows, int columns, int seed)
    {
        Random random = new(seed);
        return HostMemory.Of([.. Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextDouble() - 0.5f)], rows, columns);
    }

    /// <summary>A thread for each device.</summary>
    private sealed class Group : IDisposable
    {
        private readonly HostExchange _exchange;
        private readonly HostCollective[] _collectives;

        public Group(int count)
        {
            Barrier = new DeviceBarrier(count);
            _exchange = new HostExchange(Barrier, [.. Enumerable.Repeat(MostElements, count)]);
            _collectives = [.. Enumerable.Range(0, count).Select(device => new HostCollective(_exchange, device, HostMemory.Instance))];
        }

        public DeviceBarrier Barrier { get; }

        public void Run(Action<int, ICollective> work)
        {
            Exception?[] failures = RunAll(work);
            Assert.All(failures, Assert.Null);
        }

        public Exception[] RunToFailure(Action<int, ICollective> work) => [.. RunAll(work).Select(failure => failure!)];

        public void Dispose()
        {
            _exchange.Dispose();
            Barrier.Dispose();
        }

        private Exception?[] RunAll(Action<int, ICollective> work)
        {
            Exception?[] failures = new Exception?[Barrier.Count];
            Thread[] threads = [.. Enumerable.Range(0, Barrier.Count).Select(device => new Thread(() =>
            {
                try
                {
                    work(device, _collectives[device]);
                }
                catch (Exception e)
                {
                    failures[device] = e;
                    Barrier.Fail(e);
                }
            }))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            return failures;
        }
    }
}
