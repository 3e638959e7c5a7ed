using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model;

/// <summary>The intermediate results of a step, allocated once for the largest and viewed for each smaller one.</summary>
internal sealed class Activations : IDisposable
{
    private readonly Dictionary<int, Activations> _views = [];

    /// <summary>Allocates for steps of up to <paramref name="maxTokens"/> tokens.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="maxTokens">Rows.</param>
    /// <param name="dtype">Of all but the residual, which is float32.</param>
    /// <param name="memory">Where they are to lie.</param>
    public Activations(LlamaConfig config, int maxTokens, ScalarType dtype, DeviceMemory memory)
    {
        Residual = memory.Empty(maxTokens, config.HiddenSize, ScalarType.Float32);
        Normed = Allocate(config.HiddenSize);
        Queries = Allocate(config.HeadCount * config.HeadDim);
        Keys = Allocate(config.KvHeadCount * config.HeadDim);
        Values = Allocate(config.KvHeadCount * config.HeadDim);
        Attended = Allocate(config.HeadCount * config.HeadDim);
        Gate = Allocate(config.IntermediateSize);
        Up = Allocate(config.IntermediateSize);

        Matrix Allocate(int columns) => memory.Empty(maxTokens, columns, dtype);
    }

    /// <summary>Bytes of those of steps of up to so many tokens.</summary>
    public static long BytesOf(LlamaConfig config, int maxTokens, ScalarType dtype) => Matrix.BytesOf(maxTokens, config.HiddenSize, ScalarType.Float32)
        + Matrix.BytesOf(maxTokens, config.HiddenSize + 2L * (config.HeadCount + config.KvHeadCount) * config.HeadDim + 2L * config.IntermediateSize, dtype);

    private Activations(Activations whole, int tokens)
    {
        Residual = whole.Residual.Take(tokens);
        Normed = whole.Normed.Take(tokens);
        Queries = whole.Queries.Take(tokens);
        Keys = whole.Keys.Take(tokens);
        Values = whole.Values.Take(tokens);
        Attended = whole.Attended.Take(tokens);
        Gate = whole.Gate.Take(tokens);
        Up = whole.Up.Take(tokens);
    }

    /// <summary>[tokens, hidden] the stream that every layer reads and adds to.</summary>
    public Matrix Residual { get; }

    /// <summary>[tokens, hidden]</summary>
    public Matrix Normed { get; }

    /// <summary>[tokens, heads · headDim]</summary>
    public Matrix Queries { get; }

    /// <summary>[tokens, kvHeads · headDim]</summary>
    public Matrix Keys { get; }

    /// <summary>[tokens, kvHeads · headDim]</summary>
    public Matrix Values { get; }

    /// <summary>[tokens, heads · headDim]</summary>
    public Matrix Attended { get; }

    /// <summary>[tokens, intermediate]</summary>
    public Matrix Gate { get; }

    /// <summary>[tokens, intermediate]</summary>
    public Matrix Up { get; }

    /// <summary>The same memory for a step of this many tokens.</summary>
    public Activations Take(int tokens)
    {
        if (!_views.TryGetValue(tokens, out Activations? view)) _views[tokens] = view = new Activations(this, tokens);
        return view;
    }

    public void Dispose()
    {
        foreach (Matrix matrix in (Matrix[])[Residual, Normed, Queries, Keys, Values, Attended, Gate, Up]) matrix.Dispose();
    }
}
