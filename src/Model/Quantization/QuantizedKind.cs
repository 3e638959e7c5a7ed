namespace Llama.Model.Quantization;

/// <summary>What quantising did to the tensors of one kind.</summary>
/// <param name="Name">The kind: <c>q_proj</c>, <c>lm_head</c> …</param>
/// <param name="Type">How they were quantised; null where they were not.</param>
/// <param name="BytesBefore">In the source.</param>
/// <param name="BytesAfter">Codes, scales and minima, or the tensors as they are.</param>
/// <param name="SquaredError">Σ (w − ŵ)² over a sample of the rows.</param>
/// <param name="Squares">Σ w² over the same.</param>
public sealed record QuantizedKind(string Name, QuantizationType? Type, long BytesBefore, long BytesAfter, double SquaredError, double Squares)
{
    /// <summary>The error relative to the weights: a root of mean squares; 0 where nothing was quantised.</summary>
    public double Error => SquaredError > 0 ? Math.Sqrt(SquaredError / Squares) : 0;

    internal QuantizedKind Plus(QuantizedKind other) => this with
    {
        BytesBefore = BytesBefore + other.BytesBefore,
        BytesAfter = BytesAfter + other.BytesAfter,
        SquaredError = SquaredError + other.SquaredError,
        Squares = Squares + other.Squares,
    };
}
