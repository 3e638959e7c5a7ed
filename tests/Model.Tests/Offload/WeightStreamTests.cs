using Llama.Model.Kernels;
using Llama.Model.Offload;

namespace Llama.Model.Tests.Offload;

/// <summary>The order in which loads are awaited and buffers given back, whatever steps ask for and units are kept in between.</summary>
public sealed class WeightStreamTests
{
    [Fact]
    public void Use_AnyOrder_FindsItsUnitAwaited_AndNoBufferIsGivenBackThatMayStillBeWrittenTo()
    {
        Random random = new(1);
        for (int walk = 0; walk < 200; walk++)
        {
            long[] bytes = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.NextInt64(1, 100))];
            using RecordingStream stream = new([.. bytes.Select(_ => random.Next(4) == 0)], bytes);
            for (int call = 0; call < 200; call++)
            {
                if (random.Next(20) == 0) stream.Keep(random.NextInt64(400));
                if (random.Next(20) == 0) stream.LetGo(random.NextInt64(400));
                int unit = random.Next(3) == 0 ? random.Next(bytes.Length) : call % bytes.Length;
                stream.AssertThere(unit, stream.Use(unit));
            }
        }
    }

    /// <summary>A stream of nothing: it notes which unit each buffer is being filled with, from when it was given back.</summary>
    private sealed class RecordingStream : BufferedWeightStream
    {
        private readonly long[] _bytes;
        private readonly bool[] _isResident;
        private readonly HashSet<int> _kept = [];
        private readonly HashSet<long> _awaited = [];
        private readonly int[] _unitIn = new int[OffloadPlan.Buffers];
        private readonly long[] _loadIn = new long[OffloadPlan.Buffers];
        private long _released;

        public RecordingStream(bool[] isResident, long[] bytes) : base(new OffloadPlan(isResident, 1, 0, 0), isWaitedFor: true)
        {
            (_isResident, _bytes) = (isResident, bytes);
            if (Array.TrueForAll(isResident, stays => stays)) return;
            for (int load = 0; load < OffloadPlan.Buffers; load++) Begin(load);
        }

        public override string Medium => "nothing";

        public override Weight Table => throw new NotSupportedException();

        public override Weight View(string name, int place) => throw new NotSupportedException();

        public void AssertThere(int unit, int place)
        {
            Assert.Equal(_isResident[unit], place == Always);
            Assert.Equal(_kept.Contains(unit), place == Own);
            if (place is Always or Own) return;
            Assert.Equal(unit, _unitIn[place]);
            Assert.Contains(_loadIn[place], _awaited);
        }

        public override void Dispose() { }

        protected override void Await(long load)
        {
            Assert.InRange(load, 0, _released + OffloadPlan.Buffers - 1); // what was not begun never comes
            _awaited.Add(load);
        }

        protected override void Release(long load)
        {
            Assert.Equal(_released++, load);
            Assert.Contains(load, _awaited);
            Begin(load + OffloadPlan.Buffers);
        }

        protected override long BytesOf(int unit) => _bytes[unit];

        protected override long MemoryOf(int unit) => _bytes[unit];

        protected override void Fill(int unit) => Assert.True(_kept.Add(unit));

        protected override void Empty(int unit) => Assert.True(_kept.Remove(unit));

        private void Begin(long load) => (_unitIn[load % OffloadPlan.Buffers], _loadIn[load % OffloadPlan.Buffers]) = (UnitOf(load), load);
    }
}
