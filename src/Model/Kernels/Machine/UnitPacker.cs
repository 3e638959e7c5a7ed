using System.Runtime.InteropServices;

namespace Llama.Model.Kernels.Machine;

/// <summary>Packs weights of one kind by generated code, a unit at a time: 16 outputs by some inputs, [pairs of inputs][16 outputs][2] in bfloat16.</summary>
/// <param name="Shape">The kind.</param>
/// <param name="Rounds">Code for whole rounds.</param>
/// <param name="Rest">Code for what is left of a row, where something is.</param>
internal readonly unsafe record struct UnitPacker(PackShape Shape, nint Rounds, nint Rest)
{
    /// <summary>Outputs of a unit.</summary>
    public const int Outputs = PanelTile.Lanes;

    /// <summary>Bytes of a unit for each of its inputs.</summary>
    public const int BytesPerInput = Outputs * sizeof(ushort);

    private static readonly int* SpreadIndex = CreateSpreadIndex();

    /// <summary>The code for a kind of weights.</summary>
    /// <param name="shape">The kind.</param>
    /// <param name="code">Where it is kept.</param>
    public static UnitPacker Of(PackShape shape, CodeCache<PackShape> code)
    {
        int left = shape.Inputs % shape.RoundInputs; // of the last stretch of inputs; the others are whole rounds
        if (left == 0) return new UnitPacker(shape, code[shape], Rest: 0);
        PackShape rest = shape.Bits == 16 ? shape with { TailInputs = left } : shape with { Blocks = (left + PackShape.BlockInputs - 1) / PackShape.BlockInputs };
        return new UnitPacker(shape, code[shape], code[rest]);
    }

    /// <summary>Packs a unit, its inputs padded with zeros to whole blocks of <see cref="PackShape.BlockInputs"/>.</summary>
    /// <param name="weight">Of what.</param>
    /// <param name="output">The unit's first.</param>
    /// <param name="start">Its first input, at the start of a round.</param>
    /// <param name="inputs">So many: whole rounds, or up to the end of the row.</param>
    /// <param name="target">Where to.</param>
    public void Pack(in Product weight, int output, int start, int inputs, byte* target)
    {
        int rounds = inputs / Shape.RoundInputs;
        long scales = (long)output * Shape.ScaleStride / sizeof(float) + Shape.ScalesTo(start);
        TileArguments arguments = new()
        {
            Weight = weight.Weight + (long)output * Shape.WeightStride + Shape.BytesTo(start),
            Scales = weight.Scales + scales,
            Corrections = weight.Corrections + scales,
            SpreadIndex = SpreadIndex,
            Output = (float*)target,
            Count = rounds,
        };
        if (rounds > 0) TileArguments.Call(Rounds, &arguments);
        int done = rounds * Shape.RoundInputs;
        if (inputs == done) return;
        arguments.Weight += Shape.BytesTo(done);
        arguments.Scales += Shape.ScalesTo(done);
        arguments.Corrections += Shape.ScalesTo(done);
        arguments.Output = (float*)(target + done * BytesPerInput);
        arguments.Count = 1;
        TileArguments.Call(Rest, &arguments);
    }

    private static int* CreateSpreadIndex()
    {
        int* index = (int*)NativeMemory.AlignedAlloc(Outputs * sizeof(int), 64);
        for (int lane = 0; lane < Outputs; lane++) index[lane] = lane / 4;
        return index;
    }
}
