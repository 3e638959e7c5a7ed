using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>A weight in codes in the order in which generated code multiplies it: units of 16 outputs (<see cref="CodeUnit"/>), which any number of input rows reads from end to end.</summary>
internal sealed unsafe class PackedCodes : Weight
{
    private readonly Matrix _units; // [units, bytes]

    /// <summary>Memory for a weight of a form, not filled.</summary>
    public PackedCodes(int outputs, CodeUnit form) : base(outputs, form.Inputs)
    {
        Form = form;
        _units = HostMemory.EmptyForReading(outputs / UnitPacker.Outputs, form.UnitBytes, ScalarType.Byte);
    }

    /// <summary>Whether such a weight can be packed: its outputs whole units and its inputs whole blocks.</summary>
    public static bool CanHold(Weight weight) => weight is QuantizedWeight { Codes.IsOnHost: true } codes && CanHold(weight.Outputs, CodeUnit.Of(codes));

    /// <summary>The same for so many rows of a form.</summary>
    public static bool CanHold(int outputs, CodeUnit form) => outputs % UnitPacker.Outputs == 0 && form.IsWhole;

    /// <summary>Bytes of a weight of a form.</summary>
    public static long BytesOf(int outputs, CodeUnit form) => (long)outputs / UnitPacker.Outputs * form.UnitBytes;

    /// <summary>Bytes that a weight as <c>quantize</c> makes it will have once it is packed: the scales of its first row tell how all of them lie.</summary>
    public static long BytesOf(QuantizedWeight weight) =>
        BytesOf(weight.Outputs, CodeUnit.Of(weight), new PackedValues(weight.Bits, CodeSurvey.AreScalesHalves(weight, row: 0) ? ScaleForm.Half : ScaleForm.Single));

    /// <summary>Bytes of a weight whose values allow a narrower form; of its rows where it cannot be packed.</summary>
    /// <param name="outputs">Its rows.</param>
    /// <param name="plain">The form that holds any values.</param>
    /// <param name="values">What they can be narrowed to.</param>
    public static long BytesOf(int outputs, CodeUnit plain, PackedValues values) => CanHold(outputs, plain)
        ? BytesOf(outputs, plain.Narrowed(values))
        : QuantizedWeight.BytesOf(outputs, plain.Inputs, plain.Bits, plain.GroupSize, plain.HasMinima, isHost: true);

    /// <summary>How units lie in memory.</summary>
    public CodeUnit Form { get; }

    /// <summary>The first unit.</summary>
    public byte* Units => (byte*)_units.Data;

    public override long ByteCount => _units.ByteCount;

    public override bool HasFormatOf(Weight other) => other is PackedCodes codes && codes.Form == Form;

    public override Tensor Widen(Tensor? rows = null)
    {
        using QuantizedWeight codes = ToRows();
        return codes.Widen(rows);
    }

    /// <summary>The same row by row.</summary>
    public QuantizedWeight ToRows()
    {
        QuantizedWeight weight = QuantizedWeight.Allocate(Outputs, Inputs, Form.RowBits, Form.GroupSize, Form.HasMinima);
        NativeMemory.Clear(weight.Codes.Data, (nuint)weight.Codes.ByteCount);
        for (int unit = 0; unit < Outputs / UnitPacker.Outputs; unit++)
        {
            for (int block = 0; block < Inputs / Form.BlockInputs; block++) CodesToRows(weight, unit, block);
            for (int group = 0; group < weight.GroupCount; group++) ScalesToRows(weight, unit, group);
        }
        return weight;
    }

    private void CodesToRows(QuantizedWeight weight, int unit, int block)
    {
        CodeUnit wide = Form with { Bits = Form.RowBits, HasTable = false };
        byte* codes = stackalloc byte[QuantizedWeight.Chunk * UnitPacker.Outputs];
        for (int chunk = 0; chunk < Form.BlockInputs / QuantizedWeight.Chunk; chunk++)
        {
            CodeLines.Read(Form, Units + (long)unit * Form.UnitBytes + block * Form.BlockBytes, chunk, codes);
            for (int lane = 0; lane < UnitPacker.Outputs; lane++)
            {
                CodeField field = wide.LowerField(chunk, lane);
                for (int output = 0; output < UnitPacker.Outputs; output++)
                {
                    uint four = ((uint*)codes)[lane * UnitPacker.Outputs + output] + (uint)Form.RowOffset * 0x01010101;
                    RowOf(weight, unit, output)[block * Form.BlockInputs * Form.RowBits / 32 + field.Line] |= four << field.Bit;
                }
            }
        }
    }

    private static uint* RowOf(QuantizedWeight weight, int unit, int output) => (uint*)((byte*)weight.Codes.Data + ((long)unit * UnitPacker.Outputs + output) * weight.Codes.Columns);

    private void ScalesToRows(QuantizedWeight weight, int unit, int group)
    {
        byte* from = Units + (long)unit * Form.UnitBytes, scales = from + Form.ScalesAt(group), steps = from + (Form.Scales == ScaleForm.Steps ? Form.StepsAt(group) : 0);
        for (int output = 0; output < UnitPacker.Outputs; output++)
        {
            long at = ((long)unit * UnitPacker.Outputs + output) * weight.GroupCount + group;
            weight.Scales.Floats[at] = Value(scales, steps, output);
            if (weight.Minima is not null) weight.Minima.Floats[at] = Value(scales + Form.ScaleBytes, steps + CodeUnit.LineBytes, output);
        }
    }

    private float Value(byte* scales, byte* steps, int output) => Form.Scales switch
    {
        ScaleForm.Single => ((float*)scales)[output],
        ScaleForm.Half => (float)((Half*)scales)[output],
        _ => ((sbyte*)scales)[output] * ((float*)steps)[output],
    };

    public override void Dispose() => _units.Dispose();
}
