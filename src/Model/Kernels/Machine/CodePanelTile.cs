namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products by units of packed codes (<see cref="CodeUnit"/>): some input rows with the outputs of one or several units, whose lanes they are. Inputs are as for <see cref="CodeTile"/>,
/// 16-bit integers in a high and a low byte: a quad of either goes to all lanes, and VPDPBUSD multiplies it exactly with codes. At the end of a group both integer sums, begun with what the codes' offset
/// contributes, become one float32, which times the outputs' scales is added to the sums; at the end of a stretch of inputs these, times the row's scale, are added to the outputs. Where one scale is for the whole row a
/// stretch is the group, too long for one integer sum. So each output is one chain of sums, whatever tile computes it. Registers: 0 to 23 the integer sums, high and low in turn, and behind them those of float32; 24 to 27 codes, 28 the mask of a nibble, 29 the weight of the high byte, 30 and 31 for what comes.
/// </summary>
internal static class CodePanelTile
{
    private const int Lanes = UnitPacker.Outputs, Chunk = QuantizedWeight.Chunk, Codes = 24, NibbleMask = 28, HighWeight = 29, First = 30, Second = 31;
    private const Gpr Sums = Gpr.R12, InputScales = Gpr.R13, Stretches = Gpr.R14, Scales = Gpr.R15, OutputCursor = Gpr.Rbx;

    private static readonly Gpr[] Preserved = [OutputCursor, Sums, InputScales, Stretches, Scales];

    /// <summary>Most sums of a tile: rows by units.</summary>
    public static int MostSums(CodeUnit form) => form.IsByRow ? 12 : 8;

    public static byte[] Generate(CodePanelShape shape)
    {
        Assembler code = new();
        foreach (Gpr register in Preserved) code.Push(register);
        TileFrame.Enter(code);
        code.Move(Scales, new Memory(TileFrame.Arguments, TileArguments.ScalesAt));
        code.Move(InputScales, new Memory(TileFrame.Arguments, TileArguments.InputScalesAt));
        code.Fill(NibbleMask, 0x0F0F0F0F);
        code.Fill(HighWeight, BitConverter.SingleToInt32Bits(256));
        int tile = code.Mark();
        code.Move(Sums, new Memory(TileFrame.Arguments, TileArguments.GroupSumsAt));
        code.Move(TileFrame.InputCursor, TileFrame.Input);
        code.Move(TileFrame.WeightCursor, TileFrame.Weight);
        if (!shape.Add) Clear(code, shape);
        int length = shape.Form.StretchInputs, whole = shape.Inputs / length;
        if (whole > 0)
        {
            code.Move(Stretches, whole);
            int stretch = code.Mark();
            Stretch(code, shape, length);
            code.Decrement(Stretches);
            code.JumpIfNotZero(stretch);
        }
        if (shape.Inputs % length > 0) Stretch(code, shape, shape.Inputs % length);
        code.Add(Scales, shape.Vectors * shape.Form.UnitBytes);
        TileFrame.Next(code, tile, shape.Vectors * Lanes, shape.Vectors * shape.Form.UnitBytes);
        foreach (Gpr register in Preserved.Reverse()) code.Pop(register);
        code.Return();
        return code.ToArray();
    }

    private static int Integer(CodePanelShape shape, int row, int vector) => (row * shape.Vectors + vector) * 2;

    private static int Sum(CodePanelShape shape, int row, int vector) => shape.Form.IsByRow ? Integer(shape, row, vector) : (shape.Rows * shape.Vectors * 2) + row * shape.Vectors + vector;

    private static void Clear(Assembler code, CodePanelShape shape)
    {
        code.Zero(First);
        ForEachOutput(code, shape, (_, _, output) => code.Store(First, output));
    }

    private static void Stretch(Assembler code, CodePanelShape shape, int inputs)
    {
        CodeUnit form = shape.Form;
        if (form.IsByRow) for (int sum = 0; sum < shape.Rows * shape.Vectors * 2; sum++) code.Zero(sum);
        else for (int sum = 0; sum < shape.Rows * shape.Vectors; sum++) code.Zero(Sum(shape, 0, 0) + sum);
        code.Move(TileFrame.Counter, inputs / form.BlockInputs);
        int block = code.Mark();
        if (form.IsByRow) Lines(code, shape, group: 0);
        for (int group = 0; group < form.BlockGroups; group++) Group(code, shape, group);
        code.Add(TileFrame.InputCursor, form.BlockInputs * 2);
        code.Add(TileFrame.WeightCursor, form.BlockBytes);
        if (!form.IsByRow) code.Add(Sums, form.BlockGroups * sizeof(float));
        code.Decrement(TileFrame.Counter);
        code.JumpIfNotZero(block);
        if (form.IsByRow) EndRow(code, shape);
        AddToOutputs(code, shape);
    }

    private static void Group(Assembler code, CodePanelShape shape, int group)
    {
        CodeUnit form = shape.Form;
        int scales = (form.BlockLines + group * form.GroupLines) * CodeUnit.LineBytes;
        ForEachSum(shape, (row, vector) =>
        {
            int high = Integer(shape, row, vector), low = high + 1;
            code.Zero(high);
            if (form.HasMinima) code.Zero(low);
            else code.Broadcast1(low, InputSum(shape, row, group));
        });
        Lines(code, shape, group);
        ForEachSum(shape, (row, vector) =>
        {
            int high = Integer(shape, row, vector), low = high + 1, sum = Sum(shape, row, vector);
            Memory scale = new(TileFrame.WeightCursor, vector * form.UnitBytes + scales);
            code.ShiftLeftDwords(high, high, 8);
            code.AddDwords(high, high, low);
            code.ToFloat(high, high);
            code.MultiplyAdd(sum, high, scale);
            TakeOffMinima(code, shape, sum, InputSum(shape, row, group), scale);
        });
    }

    // The sum takes the place of an integer one.
    private static void EndRow(Assembler code, CodePanelShape shape)
    {
        ForEachSum(shape, (row, vector) =>
        {
            int sum = Integer(shape, row, vector), low = sum + 1;
            Memory scale = new(Scales, vector * shape.Form.UnitBytes);
            code.ToFloat(sum, sum);
            code.ToFloat(low, low);
            code.MultiplyByAndAdd(sum, HighWeight, low);
            if (!shape.Form.HasMinima) code.Subtract1(sum, sum, InputSum(shape, row, group: 0));
            code.Multiply(sum, sum, scale);
            TakeOffMinima(code, shape, sum, InputSum(shape, row, group: 0), scale);
        });
        code.Add(Sums, sizeof(float));
    }

    private static void TakeOffMinima(Assembler code, CodePanelShape shape, int sum, Memory inputSum, Memory scale)
    {
        if (!shape.Form.HasMinima) return;
        code.Broadcast1(First, inputSum);
        code.MultiplySubtractFrom(sum, First, scale with { Displacement = scale.Displacement + CodeUnit.LineBytes });
    }

    private static Memory InputSum(CodePanelShape shape, int row, int group) => new(Sums, row * shape.SumStride + group * sizeof(float));

    private static void AddToOutputs(Assembler code, CodePanelShape shape) => ForEachOutput(code, shape, (row, vector, output) =>
    {
        if (vector == 0) code.Broadcast1(First, new Memory(InputScales, row * sizeof(float)));
        int sum = Sum(shape, row, vector);
        code.MultiplyByAndAdd(sum, First, output);
        code.Store(sum, output);
    });

    // The lines of a block that a group has codes in.
    private static void Lines(Assembler code, CodePanelShape shape, int group)
    {
        for (int chunk = 0; chunk < shape.Form.BlockInputs / Chunk; chunk++)
            for (int lane = 0; lane < Lanes; lane++)
                if (shape.Form.GroupOf(chunk, lane) == group) Line(code, shape, chunk, lane);
    }

    private static void Line(Assembler code, CodePanelShape shape, int chunk, int lane)
    {
        for (int vector = 0; vector < shape.Vectors; vector++) LoadCodes(code, shape, vector, chunk, lane);
        for (int row = 0; row < shape.Rows; row++)
        {
            Memory high = new(TileFrame.InputCursor, row * shape.InputStride + chunk * 2 * Chunk + lane * 4), low = high with { Displacement = high.Displacement + Chunk };
            if (shape.Vectors == 1)
            {
                code.DotBytes1(Integer(shape, row, 0), Codes + lane % 4, high);
                code.DotBytes1(Integer(shape, row, 0) + 1, Codes + lane % 4, low);
                continue;
            }
            code.Broadcast1(First, high);
            code.Broadcast1(Second, low);
            for (int vector = 0; vector < shape.Vectors; vector++)
            {
                code.DotBytes(Integer(shape, row, vector), Codes + vector, First);
                code.DotBytes(Integer(shape, row, vector) + 1, Codes + vector, Second);
            }
        }
    }

    private static void LoadCodes(Assembler code, CodePanelShape shape, int vector, int chunk, int lane)
    {
        int codes = shape.Vectors == 1 ? Codes + lane % 4 : Codes + vector, line = (shape.Form.Bits == 8 ? chunk : chunk / 2) * Lanes + lane;
        Memory place = new(TileFrame.WeightCursor, vector * shape.Form.UnitBytes + line * CodeUnit.LineBytes);
        bool isHigh = shape.Form.Bits == 4 && chunk % 2 == 1;
        if (shape.Ahead > 0 && !isHigh) code.Prefetch(place with { Displacement = place.Displacement + shape.Ahead }, intoFirst: true);
        if (shape.Form.Bits == 8) code.Load(codes, place);
        else if (!isHigh) code.And(codes, NibbleMask, place);
        else if (shape.Form.PartsNibbles) code.AndNot(codes, NibbleMask, place);
        else
        {
            code.Load(codes, place);
            code.ShiftRightWords(codes, codes, 4);
            code.And(codes, codes, NibbleMask);
        }
    }

    private static void ForEachSum(CodePanelShape shape, Action<int, int> visit)
    {
        for (int row = 0; row < shape.Rows; row++)
            for (int vector = 0; vector < shape.Vectors; vector++) visit(row, vector);
    }

    private static void ForEachOutput(Assembler code, CodePanelShape shape, Action<int, int, Memory> visit)
    {
        code.Move(OutputCursor, TileFrame.Output);
        for (int row = 0; row < shape.Rows; row++)
        {
            for (int vector = 0; vector < shape.Vectors; vector++) visit(row, vector, new Memory(OutputCursor, vector * CodeUnit.LineBytes));
            code.Add(OutputCursor, TileFrame.OutputStride);
        }
    }
}
