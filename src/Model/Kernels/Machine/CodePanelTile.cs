namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Generates tiles of products by units of packed codes (<see cref="CodeUnit"/>): some input rows with the outputs of one or several units, whose lanes they are. Inputs are as for <see cref="CodeTile"/>,
/// 16-bit integers in a high and a low byte: a quad of either goes to all lanes, and VPDPBUSD multiplies it exactly with codes. At the end of a group both integer sums, begun with what the codes' offset
/// contributes, become one float32, which times the outputs' scales is added to the sums; at the end of a stretch of inputs these, times the row's scale, are added to the outputs. Where one scale is for the whole row a
/// stretch is the group, too long for one integer sum. So each output is one chain of sums, whatever tile computes it.
/// Registers: 0 to 23 the integer sums, high and low in turn, and behind them those of float32; 24 to 27 codes, 28 and 29 the constants of <see cref="LineCodes"/>, 30 and 31 for what comes.
/// </summary>
internal static class CodePanelTile
{
    private const int Lanes = UnitPacker.Outputs, Chunk = QuantizedWeight.Chunk, MostByRow = 12, MostChains = 4;
    private const int Codes = 24, LowerMask = 28, Constant = 29, First = 30, Second = 31;
    private const Gpr Sums = Gpr.R12, InputScales = Gpr.R13, Stretches = Gpr.R14, Scales = Gpr.R15, OutputCursor = Gpr.Rbx;

    private static readonly Gpr[] Preserved = [OutputCursor, Sums, InputScales, Stretches, Scales];

    /// <summary>Most sums of a tile: rows by units.</summary>
    public static int MostSums(CodeUnit form) => form.IsByRow ? MostByRow : 8;

    public static byte[] Generate(CodePanelShape shape)
    {
        Assembler code = new();
        foreach (Gpr register in Preserved) code.Push(register);
        TileFrame.Enter(code);
        code.Move(Scales, new Memory(TileFrame.Arguments, TileArguments.ScalesAt));
        code.Move(InputScales, new Memory(TileFrame.Arguments, TileArguments.InputScalesAt));
        LineCodes.FillConstants(code, shape.Form, LowerMask, Constant, other: First);
        if (shape.Form.IsByRow) code.Fill(Constant, BitConverter.SingleToInt32Bits(256)); // the weight of the high byte, where no codes need it
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

    // Where one scale is for the whole row, lanes of four codes go to so many integer sums in turn, lest few rows wait for one sum's last product.
    private static int Chains(CodePanelShape shape) => shape.Form.IsByRow ? Math.Clamp(MostByRow / (shape.Rows * shape.Vectors), 1, MostChains) : 1;

    private static int Integer(CodePanelShape shape, int row, int vector, int chain = 0) => ((chain * shape.Rows + row) * shape.Vectors + vector) * 2;

    private static int Sum(CodePanelShape shape, int row, int vector) => shape.Form.IsByRow ? Integer(shape, row, vector) : (shape.Rows * shape.Vectors * 2) + row * shape.Vectors + vector;

    private static void Clear(Assembler code, CodePanelShape shape)
    {
        code.Zero(First);
        ForEachOutput(code, shape, (_, _, output) => code.Store(First, output));
    }

    private static void Stretch(Assembler code, CodePanelShape shape, int inputs)
    {
        CodeUnit form = shape.Form;
        if (form.IsByRow) for (int sum = 0; sum < Integer(shape, 0, 0, Chains(shape)); sum++) code.Zero(sum);
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
        ForEachSum(shape, (row, vector) =>
        {
            int high = Integer(shape, row, vector), low = high + 1;
            code.Zero(high);
            if (form.HasMinima) code.Zero(low);
            else code.Broadcast1(low, InputSum(shape, row, group));
        });
        Lines(code, shape, group);
        for (int vector = 0; vector < shape.Vectors; vector++) EndGroup(code, shape, group, vector);
        if (shape.Ahead > 0 && group == form.BlockGroups - 1) FetchScales(code, shape);
    }

    private static void FetchScales(Assembler code, CodePanelShape shape)
    {
        for (int vector = 0; vector < shape.Vectors; vector++)
            for (int line = shape.Form.StepsInBlock; line < shape.Form.BlockBytes; line += CodeUnit.LineBytes)
                code.Prefetch(new Memory(TileFrame.WeightCursor, vector * shape.Form.UnitBytes + line + shape.Ahead), intoFirst: true);
    }

    private static void EndGroup(Assembler code, CodePanelShape shape, int group, int vector)
    {
        const int scales = First, minima = Second;
        Memory block = new(TileFrame.WeightCursor, vector * shape.Form.UnitBytes);
        GroupScales.Load(code, shape.Form, group, block, scales, sixteenth: Constant);
        if (shape.Form.HasMinima) GroupScales.LoadMinima(code, shape.Form, group, block, minima);
        for (int row = 0; row < shape.Rows; row++)
        {
            int high = Integer(shape, row, vector), low = high + 1, sum = Sum(shape, row, vector);
            code.ShiftLeftDwords(high, high, 8);
            code.AddDwords(high, high, low);
            code.ToFloat(high, high);
            code.MultiplyAdd(sum, high, scales);
            if (shape.Form.HasMinima) code.MultiplySubtractFrom1(sum, minima, InputSum(shape, row, group));
        }
    }

    // The sum takes the place of an integer one.
    private static void EndRow(Assembler code, CodePanelShape shape)
    {
        ForEachSum(shape, (row, vector) =>
        {
            int sum = Integer(shape, row, vector), low = sum + 1;
            Memory scale = new(Scales, vector * shape.Form.UnitBytes);
            for (int chain = 1; chain < Chains(shape); chain++)
            {
                code.AddDwords(sum, sum, Integer(shape, row, vector, chain));
                code.AddDwords(low, low, Integer(shape, row, vector, chain) + 1);
            }
            code.ToFloat(sum, sum);
            code.ToFloat(low, low);
            code.MultiplyByAndAdd(sum, Constant, low);
            if (!shape.Form.HasMinima) code.Subtract1(sum, sum, InputSum(shape, row, group: 0));
            code.Multiply(sum, sum, scale);
            if (!shape.Form.HasMinima) return;
            code.Broadcast1(First, InputSum(shape, row, group: 0));
            code.MultiplySubtractFrom(sum, First, scale with { Displacement = scale.Displacement + CodeUnit.LineBytes });
        });
        code.Add(Sums, sizeof(float));
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
        for (int vector = 0; vector < shape.Vectors; vector++)
        {
            int codes = shape.Vectors == 1 ? Codes + lane % 4 : Codes + vector, other = vector % 2 == 0 ? First : Second;
            LineCodes.Load(code, shape.Form, chunk, lane, new Memory(TileFrame.WeightCursor, vector * shape.Form.UnitBytes), shape.Ahead, codes, other, LowerMask, Constant);
        }
        for (int row = 0; row < shape.Rows; row++)
        {
            Memory high = new(TileFrame.InputCursor, row * shape.InputStride + chunk * 2 * Chunk + lane * 4), low = high with { Displacement = high.Displacement + Chunk };
            int chain = lane % Chains(shape);
            if (shape.Vectors == 1)
            {
                code.DotBytes1(Integer(shape, row, 0, chain), Codes + lane % 4, high);
                code.DotBytes1(Integer(shape, row, 0, chain) + 1, Codes + lane % 4, low);
                continue;
            }
            code.Broadcast1(First, high);
            code.Broadcast1(Second, low);
            for (int vector = 0; vector < shape.Vectors; vector++)
            {
                code.DotBytes(Integer(shape, row, vector, chain), Codes + vector, First);
                code.DotBytes(Integer(shape, row, vector, chain) + 1, Codes + vector, Second);
            }
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
