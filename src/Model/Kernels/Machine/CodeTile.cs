namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products of few rows with weights in codes: strip by strip each of up to 4 input rows with each of 4 weight rows. Inputs are 16-bit integers with a scale by row, as a high and a low
/// byte, both signed: VPDPBUSD multiplies unsigned codes with signed bytes exactly, first with the high ones, then, the sum shifted by 8 bits, with the low ones. So no precision is lost
/// but the inputs' rounding, which is finer than bfloat16's.
/// <para>
/// Plan for a unit of 128 inputs (less where a row ends), which is two registers of codes by weight row: per scale group the integer sums of 16 lanes become float32, times the weight's scale,
/// and are added to the tile's sums. What the codes' offset contributes, minimum · Σ inputs by group, was taken off at the start, 16 groups at a time, each in a lane of its own.
/// </para>
/// Registers: 0 to 15 the sums, 16 to 23 the codes, 24 to 27 the integer sums in turn, 28 a scale, 31 the mask of the low nibbles.
/// </summary>
internal static class CodeTile
{
    public const int MaxRows = 4, MaxOutputs = 4;

    private const int Chunk = QuantizedWeight.Chunk, ChunksPerUnit = 2, UnitInputs = Chunk * ChunksPerUnit, InputBytesPerChunk = 2 * Chunk;
    private const int Codes = 16, Integers = 24, Scale = 28, NibbleMask = 31, GroupMask = 1, LanesOfGroups = 16;
    private const Gpr Scales = Gpr.Rbx, GroupSums = Gpr.R12, InputScales = Gpr.R13, Corrections = Gpr.R14, ScaleCursor = Gpr.R15;

    private static readonly Gpr[] Preserved = [Scales, GroupSums, InputScales, Corrections, ScaleCursor];

    public static byte[] Generate(CodeShape shape)
    {
        Assembler code = new();
        Enter(code, shape);
        int tile = code.Mark();
        foreach (Strip strip in Strips.Of(shape.Rows, MaxRows).Cut(shape.FetchesAhead ? shape.Outputs : 0)) Rows(code, shape, strip);
        code.Add(Scales, shape.Advance * shape.ScaleStride);
        code.Add(Corrections, shape.Advance * shape.ScaleStride);
        TileFrame.Next(code, tile, shape.Advance, shape.Advance * shape.WeightStride);
        foreach (Gpr register in Preserved.Reverse()) code.Pop(register);
        code.Return();
        return code.ToArray();
    }

    private static void Rows(Assembler code, CodeShape shape, Strip strip)
    {
        if (shape.Bits == 4) code.Fill(NibbleMask, 0x0F0F0F0F); // the end of a strip needs all registers beyond the sums
        TakeOffMinima(code, shape, strip);
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        code.Move(ScaleCursor, Scales);
        Multiply(code, shape, strip);
        for (int row = 0; row < strip.Rows; row++) Finish(code, shape, row * shape.Outputs, strip.First + row);
    }

    private static void Finish(Assembler code, CodeShape shape, int sums, int row)
    {
        TileFrame.Sum(code, sums, shape.Outputs);
        code.MultiplyX1(sums, sums, new Memory(InputScales, row * sizeof(float)));
        TileFrame.Store(code, sums, shape.Outputs, shape.Distance, row, shape.Add);
    }

    private static void Enter(Assembler code, CodeShape shape)
    {
        foreach (Gpr register in Preserved) code.Push(register);
        TileFrame.Enter(code);
        code.Move(Scales, new Memory(TileFrame.Arguments, TileArguments.ScalesAt));
        code.Move(Corrections, new Memory(TileFrame.Arguments, TileArguments.CorrectionsAt));
        code.Move(GroupSums, new Memory(TileFrame.Arguments, TileArguments.GroupSumsAt));
        code.Move(InputScales, new Memory(TileFrame.Arguments, TileArguments.InputScalesAt));
        if (shape.GroupCount % LanesOfGroups > 0) code.SetMask(GroupMask, (1u << shape.GroupCount % LanesOfGroups) - 1);
    }

    private static void TakeOffMinima(Assembler code, CodeShape shape, Strip strip)
    {
        for (int sum = 0; sum < strip.Rows * shape.Outputs; sum++) code.Zero(sum);
        for (int group = 0; group < shape.GroupCount; group += LanesOfGroups)
            for (int output = 0; output < shape.Outputs; output++)
            {
                Memory corrections = new(Corrections, output * shape.Distance * shape.ScaleStride + group * sizeof(float));
                if (group + LanesOfGroups <= shape.GroupCount) code.Load(Scale, corrections);
                else code.LoadDwords(Scale, corrections, GroupMask);
                for (int row = 0; row < strip.Rows; row++)
                    code.MultiplySubtractFrom(row * shape.Outputs + output, Scale, new Memory(GroupSums, (strip.First + row) * shape.SumStride + group * sizeof(float)));
            }
    }

    // The loop's body is as many units as share a scale, or one; what is left follows it.
    private static void Multiply(Assembler code, CodeShape shape, Strip strip)
    {
        int body = shape.GroupSize >= shape.Inputs ? 1 : Math.Max(1, shape.GroupSize / UnitInputs);
        int rounds = shape.Inputs / (body * UnitInputs);
        if (rounds > 0)
        {
            code.Move(TileFrame.Counter, rounds);
            int loop = code.Mark();
            for (int unit = 0; unit < body; unit++) Unit(code, shape, strip, unit, UnitInputs);
            code.Add(TileFrame.InputCursor, body * ChunksPerUnit * InputBytesPerChunk);
            code.Add(TileFrame.WeightCursor, body * UnitInputs * shape.Bits / 8);
            if (shape.GroupSize < shape.Inputs) code.Add(ScaleCursor, body * UnitInputs / shape.GroupSize * sizeof(float));
            code.Decrement(TileFrame.Counter);
            code.JumpIfNotZero(loop);
        }
        int left = shape.Inputs - rounds * body * UnitInputs;
        for (int unit = 0; unit * UnitInputs < left; unit++) Unit(code, shape, strip, unit, Math.Min(UnitInputs, left - unit * UnitInputs));
    }

    private static void Unit(Assembler code, CodeShape shape, Strip strip, int unit, int inputs)
    {
        int chunks = (inputs + Chunk - 1) / Chunk;
        LoadCodes(code, shape, strip, unit, chunks);
        if (shape.GroupSize >= UnitInputs || shape.GroupSize >= shape.Inputs)
        {
            int group = shape.GroupSize >= shape.Inputs ? 0 : unit * UnitInputs / shape.GroupSize;
            Group(code, shape, strip, unit * ChunksPerUnit, first: 0, chunks, group);
            return;
        }
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int at = unit * ChunksPerUnit + chunk;
            Group(code, shape, strip, unit * ChunksPerUnit, chunk, 1, at * Chunk / shape.GroupSize);
        }
    }

    private static void LoadCodes(Assembler code, CodeShape shape, Strip strip, int unit, int chunks)
    {
        int at = unit * UnitInputs * shape.Bits / 8, lines = shape.Bits == 4 ? 1 : chunks;
        for (int ahead = strip.FirstAhead; ahead < strip.EndAhead; ahead++)
            for (int line = 0; line < lines; line++)
                code.Prefetch(new Memory(TileFrame.WeightCursor, (shape.Outputs + ahead) * shape.WeightStride + at + line * Chunk), shape.FitsFirstCache);
        for (int output = 0; output < shape.Outputs; output++)
        {
            int low = Codes + output * ChunksPerUnit, high = low + 1;
            Memory codes = new(TileFrame.WeightCursor, checked(output * shape.Distance * shape.WeightStride + at));
            code.Load(low, codes);
            if (shape.Bits == 8)
            {
                if (chunks > 1) code.Load(high, codes with { Displacement = codes.Displacement + Chunk });
                continue;
            }
            if (chunks > 1)
            {
                code.ShiftRightWords(high, low, 4);
                code.And(high, high, NibbleMask);
            }
            code.And(low, low, NibbleMask);
        }
    }

    // Chunks of a unit that share their scale, or, of narrower groups, one chunk with its scales in turn from lane to lane.
    private static void Group(Assembler code, CodeShape shape, Strip strip, int unitChunk, int first, int count, int group)
    {
        int integers = Integers;
        for (int output = 0; output < shape.Outputs; output++)
        {
            Memory scale = new(ScaleCursor, output * shape.Distance * shape.ScaleStride + group * sizeof(float));
            if (shape.GroupSize >= Chunk || shape.GroupSize >= shape.Inputs) code.Broadcast1(Scale, scale);
            else if (shape.GroupSize == Chunk / 2) code.Broadcast2(Scale, scale);
            else code.Broadcast4(Scale, scale);
            for (int row = 0; row < strip.Rows; row++)
            {
                code.Zero(integers);
                Dot(high: true);
                code.ShiftLeftDwords(integers, integers, 8);
                Dot(high: false);
                code.ToFloat(integers, integers);
                code.MultiplyAdd(row * shape.Outputs + output, integers, Scale);
                integers = integers == Integers + 3 ? Integers : integers + 1;

                void Dot(bool high)
                {
                    for (int chunk = first; chunk < first + count; chunk++)
                        code.DotBytes(integers, Codes + output * ChunksPerUnit + chunk,
                            new Memory(TileFrame.InputCursor, (strip.First + row) * shape.InputStride + (unitChunk + chunk) * InputBytesPerChunk + (high ? 0 : Chunk)));
                }
            }
        }
    }
}
