namespace Llama.Model.Kernels.Machine;

/// <summary>Generates the loading of a group's scales or minima, those of 16 outputs into a register, from where a <see cref="CodeUnit"/> has them.</summary>
internal static class GroupScales
{
    /// <summary>What each lane of the register of sixteenths holds.</summary>
    public static int Sixteenth => BitConverter.SingleToInt32Bits(1 / 16f);

    /// <summary>Loads scales: where codes are multiplied as 16 times their value, a sixteenth of them.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="form">Of the unit.</param>
    /// <param name="group">Of the block.</param>
    /// <param name="block">In the unit.</param>
    /// <param name="target">The register.</param>
    /// <param name="sixteenth">A register with sixteenths, where the form parts nibbles.</param>
    public static void Load(Assembler code, CodeUnit form, int group, Memory block, int target, int sixteenth)
    {
        Load(code, form, block, form.ScalesInBlock(group), form.StepsInBlock, target);
        if (form.MagnitudeOf(group) > 1) code.Multiply(target, target, sixteenth);
    }

    /// <summary>Loads minima.</summary>
    public static void LoadMinima(Assembler code, CodeUnit form, int group, Memory block, int target) =>
        Load(code, form, block, form.ScalesInBlock(group) + form.ScaleBytes, form.StepsInBlock + CodeUnit.LineBytes, target);

    private static void Load(Assembler code, CodeUnit form, Memory block, int scales, int steps, int target)
    {
        switch (form.Scales)
        {
            case ScaleForm.Single: code.Load(target, Behind(scales)); break;
            case ScaleForm.Half: code.LoadHalves(target, Behind(scales)); break;
            default:
                code.LoadSignedBytesAsDwords(target, Behind(scales));
                code.ToFloat(target, target);
                code.Multiply(target, target, Behind(steps));
                break;
        }

        Memory Behind(int bytes) => block with { Displacement = block.Displacement + bytes };
    }
}
