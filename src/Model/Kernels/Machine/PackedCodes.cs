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
    public static bool CanHold(Weight weight) => weight is QuantizedWeight { Codes.IsOnHost: true } codes && weight.Outputs % UnitPacker.Outputs == 0 && CodeUnit.Of(codes).IsWhole;

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
        QuantizedWeight weight = QuantizedWeight.Allocate(Outputs, Inputs, Form.Bits, Form.GroupSize, Form.HasMinima);
        for (int output = 0; output < Outputs; output++)
        {
            byte* unit = Units + (long)(output / UnitPacker.Outputs) * Form.UnitBytes;
            int lane = output % UnitPacker.Outputs;
            uint* row = (uint*)((byte*)weight.Codes.Data + (long)output * weight.Codes.Columns);
            for (int line = 0; line < weight.Codes.Columns / sizeof(uint); line++)
                row[line] = ((uint*)(unit + line / Form.BlockLines * Form.BlockBytes + line % Form.BlockLines * CodeUnit.LineBytes))[lane];
            for (int group = 0; group < weight.GroupCount; group++)
            {
                float* scales = (float*)(unit + Form.ScalesAt(group));
                weight.Scales.Floats[output * weight.GroupCount + group] = scales[lane] * Form.MagnitudeOf(group);
                if (weight.Minima is not null) weight.Minima.Floats[output * weight.GroupCount + group] = scales[UnitPacker.Outputs + lane];
            }
        }
        return weight;
    }

    public override void Dispose() => _units.Dispose();
}
