namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of attention's scores in bfloat16: each of up to 8 query rows with 32 positions, the lanes of two registers. The cache has keys as VDPBF16PS wants them: a pair of a
/// key's elements in a lane, 16 positions side by side. A score is one chain of sums along the elements, whatever tile it falls into.
/// Registers: 0 to 15 the sums, 24 and 25 the keys, 26 to 29 the queries in turn.
/// </summary>
internal static class ScoreTile
{
    public const int Positions = Groups * 16;

    private const int Groups = 2, Unroll = 4, KeyRegister = 24, QueryRegister = 26, VectorBytes = 64, PairBytes = 4, AddressBytes = 8;

    private const Gpr Queries = Gpr.Rsi, Keys = Gpr.Rdx, Ahead = Gpr.Rdi, Scores = Gpr.Rcx, Count = Gpr.R9, Counter = Gpr.R10, Query = Gpr.Rax; // rdi: the arguments' before

    private static readonly Gpr[] Key = [Gpr.R8, Gpr.R11], Next = [Gpr.Rbx, Gpr.R12];

    public static byte[] Generate(AttentionTileShape shape)
    {
        Assembler code = new();
        foreach (Gpr preserved in Next) code.Push(preserved);
        code.Move(Queries, new Memory(Gpr.Rdi, AttentionArguments.LeftAt));
        code.Move(Keys, new Memory(Gpr.Rdi, AttentionArguments.RightAt));
        code.Move(Scores, new Memory(Gpr.Rdi, AttentionArguments.OutputAt));
        code.Move(Count, new Memory(Gpr.Rdi, AttentionArguments.CountAt));
        code.Move(Ahead, new Memory(Gpr.Rdi, AttentionArguments.AheadAt));
        int tile = code.Mark();
        for (int sum = 0; sum < shape.Rows * Groups; sum++) code.Zero(sum);
        for (int group = 0; group < Groups; group++)
        {
            code.Move(Key[group], new Memory(Keys, group * AddressBytes));
            if (shape.FetchesAhead) code.Move(Next[group], new Memory(Ahead, group * AddressBytes));
        }
        code.Move(Query, Queries);
        Multiply(code, shape);
        for (int sum = 0; sum < shape.Rows * Groups; sum++) code.Store(sum, new Memory(Scores, sum / Groups * shape.OutputStride + sum % Groups * VectorBytes));
        code.Add(Keys, Groups * AddressBytes);
        code.Add(Ahead, Groups * AddressBytes);
        code.Add(Scores, Groups * VectorBytes);
        code.Decrement(Count);
        code.JumpIfNotZero(tile);
        foreach (Gpr preserved in Next.Reverse()) code.Pop(preserved);
        code.Return();
        return code.ToArray();
    }

    private static void Multiply(Assembler code, AttentionTileShape shape)
    {
        if (shape.Units >= Unroll)
        {
            code.Move(Counter, shape.Units / Unroll);
            int loop = code.Mark();
            for (int unit = 0; unit < Unroll; unit++) Unit(code, shape, unit);
            foreach (Gpr key in Key) code.Add(key, Unroll * shape.RightStride);
            foreach (Gpr next in Next) code.Add(next, Unroll * shape.RightStride);
            code.Add(Query, Unroll * PairBytes);
            code.Decrement(Counter);
            code.JumpIfNotZero(loop);
        }
        for (int unit = 0; unit < shape.Units % Unroll; unit++) Unit(code, shape, unit);
    }

    private static void Unit(Assembler code, AttentionTileShape shape, int unit)
    {
        for (int group = 0; group < Groups; group++)
        {
            if (shape.FetchesAhead) code.Prefetch(new Memory(Next[group], unit * shape.RightStride));
            code.Load(KeyRegister + group, new Memory(Key[group], unit * shape.RightStride));
        }
        for (int row = 0; row < shape.Rows; row++)
        {
            int query = QueryRegister + row % 4;
            code.Broadcast1(query, new Memory(Query, row * shape.LeftStride + unit * PairBytes));
            for (int group = 0; group < Groups; group++) code.DotBfloat16(row * Groups + group, KeyRegister + group, query);
        }
    }
}
