using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>Adam (Kingma &amp; Ba 2015) without weight decay, for one tensor.</summary>
internal sealed class Adam(Tensor weight) : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-8;

    private readonly Tensor _mean = zeros(weight.shape);
    private readonly Tensor _square = zeros(weight.shape);
    private int _steps;

    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Tensor gradient = weight.grad!;
        _steps++;
        _mean.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
        _square.mul_(Beta2).addcmul_(gradient, gradient, value: 1 - Beta2);
        Tensor deviation = _square.sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, _steps))).add_(Epsilon);
        weight.addcdiv_(_mean, deviation, value: -learningRate / (1 - Math.Pow(Beta1, _steps)));
    }

    public void Dispose()
    {
        _mean.Dispose();
        _square.Dispose();
    }
}
