using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>The form of a weight in device memory, which its kernels are compiled for.</summary>
/// <param name="Bits">Of an element: 32 for float32, 16 for bfloat16, 8 or 4 for codes.</param>
/// <param name="HasMinima">Whether groups of codes have minima.</param>
/// <param name="Grain">Inputs whose sum is scaled at once: no more than a group has.</param>
internal readonly record struct CudaLinearFormat(int Bits, bool HasMinima = false, int Grain = 32)
{
    /// <summary>Whether the weights are codes.</summary>
    public bool IsCodes => Bits <= 8;

    /// <summary>Inputs of a unit of codes, of which a lane has 16 bytes.</summary>
    public int UnitInputs => Bits == 4 ? 64 : 32;

    /// <summary>Bytes of an output's scale in a group of codes and, if it has one, its minimum.</summary>
    public int ScaleBytes => QuantizedWeight.ScaleBytes(HasMinima, isHost: false);

    /// <summary>What the kernels for it are compiled with.</summary>
    public string[] Constants => [$"BITS={Bits}", $"MINIMA={(HasMinima ? 1 : 0)}", $"GRAIN={Grain}"];

    /// <summary>The form of a weight on the device.</summary>
    public static CudaLinearFormat Of(Weight weight) => weight switch
    {
        CudaQuantizedWeight codes => codes.Format,
        DenseWeight { Values.Dtype: ScalarType.BFloat16 } => new(16),
        DenseWeight { Values.Dtype: ScalarType.Float32 } => new(32),
        _ => throw new ArgumentException($"A {weight.GetType().Name} cannot be multiplied with on a CUDA device."),
    };

    /// <summary>Its name.</summary>
    public override string ToString() => Bits switch { 32 => "float32", 16 => "bfloat16", _ => $"int{Bits}" };
}
