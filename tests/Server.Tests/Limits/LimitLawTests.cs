using CsCheck;
using Llama.Server.Limits;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Limits;

/// <summary>What callers are told of their limits, whatever they do, against a plain list of all that was counted.</summary>
public sealed class LimitLawTests
{
    private const int Slot = SlidingWindow.SlotMilliseconds;

    private static readonly Gen<LimitRules> Rules = Gen.Select(Gen.Int[1, 6].Nullable(), Gen.Int[60, 200].Nullable(), Gen.Int[1, 4].Nullable(), (requests, tokens, running) => new LimitRules(requests, tokens, running));

    private static readonly Gen<Call> Calls = Gen.Select(
        Gen.Frequency((5, Gen.Int[0, 300]), (2, Gen.Int[0, 70_000])), Gen.Int[0, 1], Gen.Int[1, 60], Gen.Int[0, 6], Gen.Int[0, 90], Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false))),
        (wait, caller, tokens, ends, used, counts) => new Call(wait, caller, tokens, ends, used, counts));

    [Fact]
    public void Enter_AnyCalls_ReadsAsAPlainListDoes() => Gen.Select(Rules, Calls.Array[1, 150]).Sample((rules, calls) =>
    {
        (ManualClock clock, long now) = (new ManualClock(), 0);
        var limits = new LocalLimits(clock);
        PlainUse[] plain = [new(), new()];
        List<(LimitDecision Decision, PlainUse Use, long Slot)> running = [];
        foreach (Call call in calls)
        {
            clock.Advance(TimeSpan.FromMilliseconds(call.Wait));
            now += call.Wait;
            if (call.Ends < running.Count)
            {
                (LimitDecision ended, PlainUse use, long slot) = running[call.Ends];
                running.RemoveAt(call.Ends);
                ended.Settle!(call.Used, call.Counts);
                use.Settle(slot, now / Slot, (call.Counts ? call.Used : 0) - ended.Ask.Tokens, call.Counts);
            }
            PlainUse mine = plain[call.Caller];
            LimitDecision decision = limits.Enter(new LimitAsk($"{call.Caller}", rules, call.Tokens));
            LimitReading expected = mine.Read(decision.Ask, now), reading = decision.Reading;
            Assert.Equal(expected, reading with { RequestsReset = expected.RequestsReset, TokensReset = expected.TokensReset });
            AssertReset(expected.Requests, expected.RequestsReset, reading.RequestsReset);
            AssertReset(expected.Tokens, expected.TokensReset, reading.TokensReset);
            Assert.Equal(Denial(expected, rules), decision.Denial);
            if (decision.Denial is not null)
                continue;
            mine.Count(now / Slot, 1, call.Tokens);
            mine.Running++;
            running.Add((decision, mine, now / Slot));
            var snapshot = limits.Snapshot().Single(use => use.Caller == $"{call.Caller}").Slots;
            Assert.Equal((expected.Requests + 1, expected.Tokens + call.Tokens), (snapshot.Sum(one => one.Requests), snapshot.Sum(one => one.Tokens)));
        }
    });

    /// <summary>Replicas that count alone never let in more together than the limit, but for the one that each may always have.</summary>
    [Fact]
    public void Share_OfAnyLimits_IsAsMuchAsReplicasMayHaveTogether() => Gen.Select(Gen.Int[1, 1_000_000].Nullable(), Gen.Int[1, 10_000]).Sample((limit, replicas) =>
    {
        LimitRules share = new LimitRules(limit, limit, limit).Share(replicas);

        Assert.Equal(new LimitRules(share.RequestsPerMinute, share.RequestsPerMinute, share.RequestsPerMinute), share);
        Assert.Equal(limit is null, share.RequestsPerMinute is null);
        Assert.True(share.RequestsPerMinute is not { } part || part == 1 || (long)part * replicas <= limit);
        Assert.True(share.RequestsPerMinute is not { } least || (least >= 1 && (long)(least + 1) * replicas > limit));
    });

    [Fact]
    public void Cost_OfAnyAnswers_IsTheirLimitOrAnAssumptionThatAloneKeepsNobodyOut() => Gen.Select(Gen.Int[1, 4000], Gen.Int[1, 20], Gen.Int[1, 600], Gen.Int[-50, 5000].Nullable()).Sample((most, count, assumed, room) =>
    {
        long bounded = new LimitedOutput(most, count, IsBounded: true).Cost(assumed, room), open = new LimitedOutput(most, count, IsBounded: false).Cost(assumed, room);

        Assert.Equal(most, bounded);
        Assert.Equal(Math.Min(most, assumed * count), new LimitedOutput(most, count, IsBounded: false).Cost(assumed, null));
        Assert.True(open <= Math.Min(most, assumed * count));
        Assert.True(room is not > 0 || open == Math.Min(room.Value, Math.Min(most, assumed * count)));
    });

    private static LimitKind? Denial(LimitReading reading, LimitRules rules) =>
        reading.RequestsWait > 0 && reading.RequestsWait >= reading.TokensWait ? LimitKind.Requests
        : reading.TokensWait > 0 ? LimitKind.Tokens
        : reading.Running >= rules.MaxConcurrent ? LimitKind.Concurrent : null;

    /// <summary>A slot whose requests have all been taken back may keep it longer, as long as anything counts.</summary>
    private static void AssertReset(long sum, long expected, long reset)
    {
        Assert.InRange(reset, expected, 60_100);
        Assert.Equal(sum == 0, reset == 0);
    }

    /// <summary>A request, and what happens before it.</summary>
    /// <param name="Wait">Milliseconds that go by.</param>
    /// <param name="Caller">Whose it is.</param>
    /// <param name="Tokens">What it is taken to cost.</param>
    /// <param name="Ends">The place of the request that ends, among those under way; none where there are fewer.</param>
    /// <param name="Used">The tokens that it had.</param>
    /// <param name="Counts">Whether it counts.</param>
    private readonly record struct Call(int Wait, int Caller, int Tokens, int Ends, int Used, bool Counts);

    /// <summary>One caller's use: all of it, for ever.</summary>
    private sealed class PlainUse
    {
        private readonly List<(long Slot, long Requests, long Tokens)> _all = [];

        public int Running { get; set; }

        public void Count(long slot, long requests, long tokens) => _all.Add((slot, requests, tokens));

        public void Settle(long slot, long now, long tokens, bool counts)
        {
            Count(slot, counts ? 0 : -1, Math.Min(tokens, 0));
            Count(now, 0, Math.Max(tokens, 0));
            Running--;
        }

        public LimitReading Read(LimitAsk ask, long now) => new(
            Requests(now), Wait(Requests, ask.Rules.RequestsPerMinute - 1, now), Wait(Requests, 0, now),
            Tokens(now), Wait(Tokens, ask.Rules.TokensPerMinute - ask.Tokens, now), Wait(Tokens, 0, now), Running);

        private long Requests(long at) => Within(at).Sum(one => one.Requests);

        private long Tokens(long at) => Within(at).Sum(one => one.Tokens);

        /// <summary>What counts at a time: in its slot and the 600 before.</summary>
        private IEnumerable<(long Slot, long Requests, long Tokens)> Within(long at) => _all.Where(one => one.Slot >= (at / Slot) - SlidingWindow.SlotCount);

        /// <summary>Milliseconds until so much is left at most: as many as until one of the slots ends.</summary>
        private long Wait(Func<long, long> sum, long? room, long now) => room is null
            ? 0
            : _all.Select(one => ((one.Slot + SlidingWindow.SlotCount + 1) * Slot) - now).Where(wait => wait > 0).Append(0).Order().First(wait => sum(now + wait) <= room);
    }
}
