using System.Diagnostics;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Parallel;

/// <summary>
/// The products of some of a device's layers, as a step has them: layer after layer, beginning each time where the last time ended, so that weights which lie in a cache between steps do so here too, and no
/// others. Belongs to the device's thread.
/// </summary>
internal sealed class ProductTrial : IDisposable
{
    private const long EnoughBytes = 32L << 20; // a millisecond or two, beside which it does not count that one of several devices begins before another
    private const int MostLayers = 24; // of a small model

    private readonly IKernels _kernels;
    private readonly Weight[][] _layers;
    private readonly int _count; // of layers that are multiplied each time
    private readonly Dictionary<int, Matrix> _inputs = [], _outputs = []; // by columns
    private int _next;

    /// <param name="weights">The device's.</param>
    /// <param name="kernels">That work there.</param>
    /// <param name="memory">Where.</param>
    /// <param name="mostRows">That it is asked for.</param>
    public ProductTrial(LlamaWeights weights, IKernels kernels, DeviceMemory memory, int mostRows)
    {
        _kernels = kernels;
        _layers = [.. weights.Layers.Select(layer => (Weight[])[layer.Attention.Query, layer.Attention.Key, layer.Attention.Value, layer.Attention.Output, layer.Mlp.Gate, layer.Mlp.Up, layer.Mlp.Down])];
        _count = (int)Math.Clamp(EnoughBytes / weights.Layers[0].ByteCount, 1, MostLayers);
        foreach (Weight weight in _layers[0])
        {
            if (!_inputs.ContainsKey(weight.Inputs)) Fill(memory, _inputs[weight.Inputs] = memory.Empty(mostRows, weight.Inputs, ScalarType.Float32));
            if (!_outputs.ContainsKey(weight.Outputs)) _outputs[weight.Outputs] = memory.Empty(mostRows, weight.Outputs, ScalarType.Float32);
        }
    }

    /// <summary>Seconds that the next layers' products take with so many rows.</summary>
    public double Time(int rows)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < _count; i++)
            foreach (Weight weight in _layers[_next++ % _layers.Length])
                _kernels.Linear(_inputs[weight.Inputs].Take(rows), [new(weight, _outputs[weight.Outputs].Take(rows))]);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose()
    {
        foreach (Matrix matrix in _inputs.Values.Concat(_outputs.Values)) matrix.Dispose();
    }

    private static void Fill(DeviceMemory memory, Matrix input)
    {
        using Matrix ones = HostMemory.Of(Enumerable.Repeat(1f, input.Rows * input.Columns).ToArray(), input.Rows, input.Columns);
        memory.Upload(ones, input);
    }
}
