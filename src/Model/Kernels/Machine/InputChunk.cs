namespace Llama.Model.Kernels.Machine;

/// <summary>A stretch of a product's inputs, whose panels the second cache holds.</summary>
/// <param name="Start">Its first input.</param>
/// <param name="Inputs">So many.</param>
internal readonly record struct InputChunk(int Start, int Inputs)
{
    /// <summary>Inputs of a long one.</summary>
    public const int MostInputs = 1024;

    /// <summary>With the zeros behind the last: whole blocks of the packer.</summary>
    public int PaddedInputs => (Inputs + PackShape.BlockInputs - 1) / PackShape.BlockInputs * PackShape.BlockInputs;

    /// <summary>How many stretches of at most so many inputs are needed.</summary>
    public static int CountOf(int inputs, int most) => (inputs + most - 1) / most;

    /// <summary>One of them. All are whole rounds but the last.</summary>
    /// <param name="inputs">Of the product.</param>
    /// <param name="number">Which, from 0.</param>
    /// <param name="round">Inputs of a round.</param>
    /// <param name="most">As for <see cref="CountOf"/>; may be exceeded by less than a round.</param>
    public static InputChunk Of(int inputs, int number, int round, int most)
    {
        int count = CountOf(inputs, most), length = ((inputs + count - 1) / count + round - 1) / round * round, start = Math.Min(number * length, inputs);
        return new InputChunk(start, Math.Min(length, inputs - start));
    }
}
