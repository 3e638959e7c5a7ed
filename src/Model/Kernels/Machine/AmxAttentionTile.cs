namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates attention's tiles for processors with tile registers (AMX), in bfloat16. Scores: up to 16 query rows with 16 positions by 32 elements an instruction, four times 16 positions at once; the cache's keys lie as it wants them.
/// Mixes: weights with 16 elements of the values by 32 positions, up to four times 16 elements at once, the values from the panel that <see cref="ValuePanel"/> makes of a span.
/// Each result is one chain of sums along the elements or the positions, whatever rows it comes with. How many rows there are is the configuration's alone, which stays from call to call.
/// Registers: 0 to 3 the sums, 4 the queries or weights, 5 the keys or values, 6 and 7 those of the last elements of a key, where they are no 32.
/// </summary>
internal static class AmxAttentionTile
{
    /// <summary>Most rows.</summary>
    public const int MaxRows = 16;

    /// <summary>Positions of a score's tile.</summary>
    public const int Positions = Sums * Lines;

    private const int Sums = 4, Lines = 16, LineBytes = 64, PairBytes = 4, AddressBytes = 8, Left = 4, Right = 5, LastLeft = 6, LastRight = 7;

    private const Gpr LeftCursor = Gpr.Rsi, RightCursor = Gpr.Rdx, Output = Gpr.Rcx, LeftStride = Gpr.R8, Count = Gpr.R9, Counter = Gpr.R10, Next = Gpr.R11, OutputStride = Gpr.Rax, RightStride = Gpr.Rbx;
    private const Gpr Keys = Gpr.R12, Ahead = Gpr.Rdi; // rdi: the arguments' before

    private static readonly Gpr[] Preserved = [RightStride, Keys];

    /// <summary>Sets the registers up for so many rows.</summary>
    public static byte[] Configure(AttentionTileShape shape)
    {
        Assembler code = new();
        int rest = shape.Units % Lines;
        (int Rows, int Bytes) sums = (shape.Rows, LineBytes), left = (shape.Rows, LineBytes), right = (Lines, LineBytes);
        code.ConfigureTiles(sums, sums, sums, sums, left, right, rest == 0 ? left : (shape.Rows, rest * PairBytes), rest == 0 ? right : (rest, LineBytes));
        code.Return();
        return code.ToArray();
    }

    /// <summary>Gives them up.</summary>
    public static byte[] Release()
    {
        Assembler code = new();
        code.ReleaseTiles();
        code.Return();
        return code.ToArray();
    }

    public static byte[] Scores(AttentionTileShape shape)
    {
        Assembler code = new();
        Enter(code, shape);
        code.Move(Ahead, new Memory(Gpr.Rdi, AttentionArguments.AheadAt));
        int tile = code.Mark();
        for (int sum = 0; sum < Sums; sum++) code.ZeroTile(sum);
        int steps = shape.Units / Lines;
        for (int step = 0; step < steps; step++)
        {
            code.LoadTile(Left, new Memory(LeftCursor, step * LineBytes), LeftStride);
            for (int group = 0; group < Sums; group++) Score(code, shape, group, step, Left, Right, Lines);
        }
        if (shape.Units % Lines > 0)
        {
            code.LoadTile(LastLeft, new Memory(LeftCursor, steps * LineBytes), LeftStride);
            for (int group = 0; group < Sums; group++) Score(code, shape, group, steps, LastLeft, LastRight, shape.Units % Lines);
        }
        for (int group = 0; group < Sums; group++) code.StoreTile(group, new Memory(Output, group * LineBytes), OutputStride);
        code.Add(RightCursor, Sums * AddressBytes);
        code.Add(Ahead, Sums * AddressBytes);
        code.Add(Output, Sums * LineBytes);
        code.Decrement(Count);
        code.JumpIfNotZero(tile);
        Leave(code);
        return code.ToArray();
    }

    private static void Score(Assembler code, AttentionTileShape shape, int group, int step, int left, int right, int lines)
    {
        int first = step * Lines * shape.RightStride;
        code.Move(Keys, new Memory(RightCursor, group * AddressBytes));
        code.LoadTile(right, new Memory(Keys, first), RightStride);
        code.TileDotBfloat16(group, left, right);
        if (!shape.FetchesAhead) return;
        code.Move(Next, new Memory(Ahead, group * AddressBytes));
        for (int line = 0; line < lines; line++) code.Prefetch(new Memory(Next, first + line * shape.RightStride));
    }

    /// <summary>Of <see cref="AttentionTileShape.Units"/> times 16 elements of a value, from panels that many bytes apart as its right stride says.</summary>
    public static byte[] Mixes(AttentionTileShape shape)
    {
        Assembler code = new();
        Enter(code, shape with { RightStride = LineBytes });
        code.Move(Keys, LeftCursor);
        for (int first = 0; first < shape.Units; first += Sums)
        {
            int count = Math.Min(Sums, shape.Units - first);
            for (int sum = 0; sum < count; sum++) code.ZeroTile(sum);
            code.Move(LeftCursor, Keys);
            code.Move(Next, RightCursor);
            code.Move(Counter, Count);
            int loop = code.Mark();
            code.LoadTile(Left, new Memory(LeftCursor), LeftStride);
            for (int sum = 0; sum < count; sum++)
            {
                code.LoadTile(Right, new Memory(Next, (first + sum) * shape.RightStride), RightStride);
                code.TileDotBfloat16(sum, Left, Right);
            }
            code.Add(LeftCursor, LineBytes);
            code.Add(Next, Lines * LineBytes);
            code.Decrement(Counter);
            code.JumpIfNotZero(loop);
            for (int sum = 0; sum < count; sum++) code.StoreTile(sum, new Memory(Output, (first + sum) * LineBytes), OutputStride);
        }
        Leave(code);
        return code.ToArray();
    }

    private static void Enter(Assembler code, AttentionTileShape shape)
    {
        foreach (Gpr register in Preserved) code.Push(register);
        code.Move(LeftCursor, new Memory(Gpr.Rdi, AttentionArguments.LeftAt));
        code.Move(RightCursor, new Memory(Gpr.Rdi, AttentionArguments.RightAt));
        code.Move(Output, new Memory(Gpr.Rdi, AttentionArguments.OutputAt));
        code.Move(Count, new Memory(Gpr.Rdi, AttentionArguments.CountAt));
        code.Move(LeftStride, shape.LeftStride);
        code.Move(RightStride, shape.RightStride);
        code.Move(OutputStride, shape.OutputStride);
    }

    private static void Leave(Assembler code)
    {
        foreach (Gpr register in Preserved.Reverse()) code.Pop(register);
        code.Return();
    }
}
