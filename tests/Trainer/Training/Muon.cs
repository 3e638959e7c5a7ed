using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>
/// Muon (Jordan 2024): momentum whose step is made orthogonal by Newton–Schulz iterations, for matrices of one shape, stacked.
/// It learns rare facts in fewer examples than AdamW alone.
/// </summary>
internal sealed class Muon : IDisposable
{
    private const double Momentum = 0.95;
    private const int Iterations = 5;

    private readonly Tensor[] _matrices;
    private readonly Tensor _momentum; // [matrices, rows, columns]
    private readonly double _scale;

    public Muon(IEnumerable<Tensor> matrices)
    {
        _matrices = [.. matrices];
        long[] shape = _matrices[0].shape;
        _momentum = zeros(_matrices.Length, shape[0], shape[1]);
        _scale = Math.Sqrt(Math.Max(1.0, (double)shape[0] / shape[1]));
    }

    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor gradient = stack(_matrices.Select(matrix => matrix.grad!));
        _momentum.mul_(Momentum).add_(gradient, alpha: 1 - Momentum);
        Tensor step = Orthogonal(gradient.mul_(1 - Momentum).add_(_momentum, alpha: Momentum)); // Nesterov
        for (int i = 0; i < _matrices.Length; i++) _matrices[i].add_(step[i], alpha: -learningRate * _scale);
    }

    public void Dispose() => _momentum.Dispose();

    // The quintic iteration pushes all singular values towards 1; its coefficients are Jordan's.
    private static Tensor Orthogonal(Tensor gradient)
    {
        bool tall = gradient.shape[1] > gradient.shape[2];
        Tensor x = tall ? gradient.transpose(1, 2).contiguous() : gradient;
        x = x / (x.pow(2).sum([1, 2], keepdim: true).sqrt() + 1e-7);
        for (int i = 0; i < Iterations; i++)
        {
            Tensor a = bmm(x, x.transpose(1, 2));
            Tensor b = bmm(a, a).mul_(2.0315).add_(a, alpha: -4.7750);
            x = bmm(b, x).add_(x, alpha: 3.4445);
        }
        return tall ? x.transpose(1, 2) : x;
    }
}
