using static TorchSharp.torch;

namespace Llama.Model.Checkpoints;

/// <summary>Element types of weights that can be loaded, by their safetensors names.</summary>
public enum TensorDtype
{
    /// <summary>IEEE single.</summary>
    F32,

    /// <summary>IEEE half.</summary>
    F16,

    /// <summary>The upper half of a single.</summary>
    BF16,

    /// <summary>A byte: the codes of a quantised weight.</summary>
    U8,
}

internal static class TensorDtypes
{
    public static int Size(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.F32 => 4,
        TensorDtype.U8 => 1,
        _ => 2,
    };

    /// <summary>Null for types that cannot be loaded.</summary>
    public static TensorDtype? Parse(string name) => name switch
    {
        "F32" => TensorDtype.F32,
        "F16" => TensorDtype.F16,
        "BF16" => TensorDtype.BF16,
        "U8" => TensorDtype.U8,
        _ => null,
    };

    public static ScalarType ToTorch(this TensorDtype dtype) => dtype switch
    {
        TensorDtype.F32 => ScalarType.Float32,
        TensorDtype.F16 => ScalarType.Float16,
        TensorDtype.U8 => ScalarType.Byte,
        _ => ScalarType.BFloat16,
    };

    /// <summary>Bits per element of every type the format names, loadable or not; null for names it does not.</summary>
    public static int? BitsOf(string name) => name switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "I64" or "U64" or "F64" or "C64" => 64,
        _ => null,
    };
}
