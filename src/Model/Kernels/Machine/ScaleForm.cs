namespace Llama.Model.Kernels.Machine;

/// <summary>How the scales and minima of groups lie in a <see cref="CodeUnit"/>: always as the values that they have, in as few bytes as these need.</summary>
internal enum ScaleForm
{
    /// <summary>float32.</summary>
    Single,

    /// <summary>float16.</summary>
    Half,

    /// <summary>Signed bytes, which multiply a float32 step of their 256 inputs: one of the scales, one of the minima.</summary>
    Steps,
}
