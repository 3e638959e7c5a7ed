namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of attention's weighted sums of values in bfloat16: each of up to 8 query rows with 32 elements, the lanes of two registers. Two positions go together: their values are
/// interleaved word by word, which leaves the elements in the order that <see cref="QuarterElements"/> says. A sum is one chain along the positions, whatever tile it falls into.
/// Registers: 0 to 15 the sums, 24 and 25 the values, 26 and 27 those interleaved, 28 to 31 the weights in turn.
/// </summary>
internal static class MixTile
{
    /// <summary>Elements of a tile.</summary>
    public const int Elements = 32;

    /// <summary>Elements that lie together in the mix: the quarters of a tile's first register and of its second take turns.</summary>
    public const int QuarterElements = 4;

    private const int Vectors = 2, ValueRegister = 24, PairRegister = 26, WeightRegister = 28, VectorBytes = 64, PairBytes = 4, AddressBytes = 8;

    private const Gpr Weights = Gpr.Rsi, Values = Gpr.Rdx, Ahead = Gpr.Rdi, Mix = Gpr.Rcx, Count = Gpr.R9, Steps = Gpr.R8; // rdi: the arguments' before
    private const Gpr Offset = Gpr.R12, Counter = Gpr.R10, Weight = Gpr.Rax, Value = Gpr.R13, Next = Gpr.R14, Address = Gpr.R11, Other = Gpr.Rbx;

    private static readonly Gpr[] Preserved = [Other, Offset, Value, Next];

    public static byte[] Generate(AttentionTileShape shape)
    {
        Assembler code = new();
        foreach (Gpr register in Preserved) code.Push(register);
        code.Move(Weights, new Memory(Gpr.Rdi, AttentionArguments.LeftAt));
        code.Move(Values, new Memory(Gpr.Rdi, AttentionArguments.RightAt));
        code.Move(Mix, new Memory(Gpr.Rdi, AttentionArguments.OutputAt));
        code.Move(Count, new Memory(Gpr.Rdi, AttentionArguments.CountAt));
        code.Move(Steps, new Memory(Gpr.Rdi, AttentionArguments.StepsAt));
        code.Move(Ahead, new Memory(Gpr.Rdi, AttentionArguments.AheadAt));
        code.Move(Offset, 0);
        int tile = code.Mark();
        for (int sum = 0; sum < shape.Rows * Vectors; sum++) code.Zero(sum);
        code.Move(Weight, Weights);
        code.Move(Value, Values);
        code.Move(Next, Ahead);
        code.Move(Counter, Steps);
        int loop = code.Mark();
        Pair(code, shape);
        code.Decrement(Counter);
        code.JumpIfNotZero(loop);
        for (int sum = 0; sum < shape.Rows * Vectors; sum++) code.Store(sum, new Memory(Mix, sum / Vectors * shape.OutputStride + sum % Vectors * VectorBytes));
        code.Add(Offset, VectorBytes);
        code.Add(Mix, Vectors * VectorBytes);
        code.Decrement(Count);
        code.JumpIfNotZero(tile);
        foreach (Gpr register in Preserved.Reverse()) code.Pop(register);
        code.Return();
        return code.ToArray();
    }

    private static void Pair(Assembler code, AttentionTileShape shape)
    {
        if (shape.FetchesAhead)
        {
            for (int position = 0; position < 2; position++)
            {
                Find(code, Address, Next, position);
                code.Prefetch(new Memory(Address));
            }
            code.Add(Next, 2 * AddressBytes);
        }
        Find(code, Address, Value, 0);
        Find(code, Other, Value, 1);
        code.Load(ValueRegister, new Memory(Address));
        code.Load(ValueRegister + 1, new Memory(Other));
        code.UnpackLowWords(PairRegister, ValueRegister, ValueRegister + 1);
        code.UnpackHighWords(PairRegister + 1, ValueRegister, ValueRegister + 1);
        for (int row = 0; row < shape.Rows; row++)
        {
            int weight = WeightRegister + row % 4;
            code.Broadcast1(weight, new Memory(Weight, row * shape.LeftStride));
            for (int v = 0; v < Vectors; v++) code.DotBfloat16(row * Vectors + v, PairRegister + v, weight);
        }
        code.Add(Weight, PairBytes);
        code.Add(Value, 2 * AddressBytes);
    }

    private static void Find(Assembler code, Gpr target, Gpr table, int position)
    {
        code.Move(target, new Memory(table, position * AddressBytes));
        code.Add(target, Offset);
    }
}
