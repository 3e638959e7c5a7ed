using System.Diagnostics;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Cuda;

/// <summary>
/// The products of a model on a CUDA device, and the way each goes. Few rows have kernels of their own; others read weights once for up to 64 rows and widen codes on the way; from some number of rows on, which
/// <see cref="Calibrate"/> measures, cuBLAS is faster, for codes too, which are widened for it slice by slice. Where there is no cuBLAS, and in deterministic mode, ours do all.
/// </summary>
/// <param name="stream">Where everything is enqueued. Once all is prepared and loaded every call can be captured: the way depends on nothing but the number of rows and the weights.</param>
/// <param name="products">cuBLAS; null where there is none. Not taken over.</param>
/// <param name="deterministic">Whether a row's result must be the same, bit by bit, whatever the other rows.</param>
internal sealed unsafe class CudaLinear(CudaStream stream, ICudaProducts? products, bool deterministic) : IDisposable
{
    private readonly CudaLinearTiles _tiles = new(stream, deterministic);
    private readonly CudaFewRows? _fewRows = deterministic ? null : new(stream); // whose order of additions is another
    private readonly CudaLinearCodes _codes = new(stream);
    private readonly CudaLinearSwitch _switch = new(isFixed: deterministic || products is null);
    private CudaLinearFloat? _float;

    /// <summary>Refuses what the kernels cannot take; before anything is uploaded.</summary>
    /// <exception cref="ArgumentException">With the remedy.</exception>
    public static void Check(LlamaConfig config)
    {
        foreach ((string name, int size) in ((string, int)[])[("hidden_size", config.HiddenSize), ("intermediate_size", config.IntermediateSize), ("num_attention_heads · head_dim", config.HeadCount * config.HeadDim)])
            if (size % 8 != 0) throw new ArgumentException($"{name} is {size}, and the fused CUDA kernels take multiples of 8; use Model:Kernels=plain or Model:Device=cpu.");
    }

    /// <summary>Brings a weight in codes into the order in which it can be multiplied with.</summary>
    /// <param name="placed">Its matrices lie on the device as they did on the host. Taken over.</param>
    /// <exception cref="ArgumentException">There are no kernels for its groups.</exception>
    public CudaQuantizedWeight Pack(QuantizedWeight placed)
    {
        using (placed)
        {
            CudaQuantizedWeight packed = _codes.Pack(placed);
            stream.Synchronize(); // before the memory is given back
            return packed;
        }
    }

    /// <summary>Begins to compile, and allocates, all that products with a weight on the device need.</summary>
    public void Prepare(Weight weight)
    {
        CudaLinearFormat format = CudaLinearFormat.Of(weight);
        if (format.Bits == 32) _float ??= new CudaLinearFloat(stream);
        else _tiles.Prepare(format);
        _fewRows?.Prepare(format);
        if (!format.IsCodes) return;
        _codes.Prepare(format);
        if (!_switch.IsFixed) _codes.PrepareSlice();
    }

    /// <summary>Prepares all weights and measures from how many rows on cuBLAS pays.</summary>
    public void Calibrate(LlamaWeights weights)
    {
        foreach (Weight weight in weights.Layers.SelectMany(Products).Concat(weights.Head is null ? [] : [weights.Head])) Prepare(weight);
        stream.FinishLoading();
        if (_switch.IsFixed) return;
        Weight[] samples = [.. weights.Layers.Take(4).SelectMany(layer => (Weight[])[layer.Mlp.Gate, layer.Mlp.Down])]; // several, lest they stay in a cache
        using CudaLinearTrial trial = new(stream, samples);
        _switch.Measure(samples, (rows, weight, isMany) => trial.Time(rows, weight, (input, projection) => Run(input, [projection], add: false, isMany)));
    }

    /// <summary>What there is and when it is used, for the start-up lines.</summary>
    public string Describe(LlamaWeights weights) => _switch.Describe(CudaLinearFormat.Of(weights.Layers[0].Mlp.Gate));

    /// <summary>output = input · weightᵀ for each projection; up to three with weights of one form are one launch.</summary>
    /// <param name="input">[rows, inputs] float32 with float32 weights, else bfloat16.</param>
    /// <param name="projections">Outputs [rows, outputs] are float32, or of the input's type.</param>
    public void Linear(Matrix input, ReadOnlySpan<Projection> projections) => Run(input, projections, add: false);

    /// <summary>residual += input · weightᵀ</summary>
    /// <param name="input">[rows, inputs] float32 with float32 weights, else bfloat16.</param>
    /// <param name="weight">[outputs, inputs]</param>
    /// <param name="residual">[rows, outputs] float32</param>
    public void LinearAdd(Matrix input, Weight weight, Matrix residual) => Run(input, [new(weight, residual)], add: true);

    /// <summary>Whether <see cref="NormLinear"/> can be called.</summary>
    /// <param name="rows">Of the input.</param>
    /// <param name="projections">What it is to be multiplied with.</param>
    public bool HasNorm(int rows, ReadOnlySpan<Projection> projections) =>
        _fewRows is not null && CountAlike(projections) == projections.Length && _fewRows.Takes(rows, projections, hasNorm: true) && !_switch.IsMany(rows, CudaLinearFormat.Of(projections[0].Weight));

    /// <summary>output = RmsNorm(input) · weightᵀ for each projection, for as few rows and such weights as <see cref="HasNorm"/> says.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="norm">[1, inputs] float32: weights of the norm.</param>
    /// <param name="epsilon">Keeps a row of zeros from being divided by 0.</param>
    /// <param name="projections">Outputs [rows, outputs] are bfloat16 or float32.</param>
    public void NormLinear(Matrix input, Matrix norm, float epsilon, ReadOnlySpan<Projection> projections)
    {
        Debug.Assert(input.Dtype == ScalarType.Float32 && norm.Dtype == ScalarType.Float32);
        _fewRows!.Run(new CudaFewRowsInput(input, norm, epsilon), projections, add: false);
    }

    /// <summary>Whether <see cref="NormGated"/> can be called where <see cref="HasNorm"/> says yes.</summary>
    public bool HasGate(int rows, Projection gate, Projection up) => _fewRows!.TakesGated(rows, [gate, up]);

    /// <summary>gate.Output = silu(RmsNorm(input) · gate.Weightᵀ) · (RmsNorm(input) · up.Weightᵀ), for as few rows and such weights as <see cref="HasNorm"/> and <see cref="HasGate"/> say.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="norm">[1, inputs] float32: weights of the norm.</param>
    /// <param name="epsilon">Keeps a row of zeros from being divided by 0.</param>
    /// <param name="gate">Its output is [rows, outputs] bfloat16.</param>
    /// <param name="up">Its output is not written.</param>
    public void NormGated(Matrix input, Matrix norm, float epsilon, Projection gate, Projection up)
    {
        Debug.Assert(input.Dtype == ScalarType.Float32 && norm.Dtype == ScalarType.Float32);
        _fewRows!.RunGated(new CudaFewRowsInput(input, norm, epsilon), gate, up);
    }

    /// <summary>Whether <see cref="NormRotated"/> can be called where <see cref="HasNorm"/> says yes.</summary>
    public bool HasRotation(int rows, ReadOnlySpan<Projection> projections, int headDim) => _fewRows!.TakesRotated(rows, projections, headDim);

    /// <summary>RmsNorm(input) · weightᵀ into queries, keys and values; queries and keys rotated, keys and values in the cache; for as few rows and such weights as <see cref="HasNorm"/> and <see cref="HasRotation"/> say.</summary>
    /// <param name="input">[rows, inputs] float32</param>
    /// <param name="norm">[1, inputs] float32: weights of the norm.</param>
    /// <param name="epsilon">Keeps a row of zeros from being divided by 0.</param>
    /// <param name="projections">Into queries [rows, heads · headDim], and the cache's keys and values; bfloat16.</param>
    /// <param name="rotation">By what, and where to.</param>
    public void NormRotated(Matrix input, Matrix norm, float epsilon, ReadOnlySpan<Projection> projections, CudaRotation rotation)
    {
        Debug.Assert(input.Dtype == ScalarType.Float32 && norm.Dtype == ScalarType.Float32 && projections[1].Output.Dtype == ScalarType.BFloat16);
        _fewRows!.RunRotated(new CudaFewRowsInput(input, norm, epsilon), projections, rotation);
    }

    public void Dispose()
    {
        _tiles.Dispose();
        _codes.Dispose();
    }

    private void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        while (projections.Length > 0)
        {
            int count = CountAlike(projections);
            Run(input, projections[..count], add, _switch.IsMany(input.Rows, CudaLinearFormat.Of(projections[0].Weight)));
            projections = projections[count..];
        }
    }

    // How many of the first can be one launch.
    private static int CountAlike(ReadOnlySpan<Projection> projections)
    {
        const int most = 3;
        int count = 1;
        while (count < Math.Min(most, projections.Length) && IsLike(projections[0], projections[count])) count++;
        return count;
    }

    private void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add, bool isMany)
    {
        ScalarType expected = CudaLinearFormat.Of(projections[0].Weight).Bits == 32 ? ScalarType.Float32 : ScalarType.BFloat16;
        if (input.Dtype != expected) throw new ArgumentException($"Activations are {input.Dtype} where these weights need {expected}.");
        if (isMany) foreach (Projection projection in projections) Multiply(input, projection, add ? 1 : 0);
        else if (expected == ScalarType.Float32) (_float ??= new CudaLinearFloat(stream)).Run(input, projections, add);
        else if (_fewRows is not null && _fewRows.Takes(input.Rows, projections, hasNorm: false)) _fewRows.Run(new CudaFewRowsInput(input), projections, add);
        else _tiles.Run(input, projections, add);
    }

    private void Multiply(Matrix input, Projection projection, float beta)
    {
        (Weight weight, Matrix output) = projection;
        if (weight is CudaQuantizedWeight codes) _codes.Multiply(products!, input, codes, output, beta);
        else products!.Multiply((nint)input.Data, (nint)((DenseWeight)weight).Values.Data, (nint)output.Data, input.Rows, weight.Outputs, weight.Inputs, weight.Outputs, input.Dtype, output.Dtype, beta);
    }

    private static bool IsLike(Projection a, Projection b) =>
        a.Weight.HasFormatOf(b.Weight) && CudaLinearFormat.Of(a.Weight) == CudaLinearFormat.Of(b.Weight) && a.Output.Dtype == b.Output.Dtype;

    private static Weight[] Products(LayerWeights layer) => [layer.Attention.Query, layer.Attention.Key, layer.Attention.Value, layer.Attention.Output, layer.Mlp.Gate, layer.Mlp.Up, layer.Mlp.Down];
}
