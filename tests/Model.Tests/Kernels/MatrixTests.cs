using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Kernels;

[HoldsTensors]
public sealed class MatrixTests
{
    [Fact]
    public void Take_ManyNumbersOfRows_KeepsFewTensorsAndThoseThatWereLastAskedFor()
    {
        const int rows = 200;
        using Matrix matrix = Matrix.Of(arange(rows * 3, ScalarType.Float32).reshape(rows, 3));
        Random random = new(1);
        List<Tensor> made = [];
        for (int i = 0; i < 2000; i++)
        {
            Matrix view = matrix.Take(1 + random.Next(rows - 1)), again = matrix.Take(1 + random.Next(rows - 1));
            Tensor first = view.Tensor, second = again.Tensor;
            made.AddRange([first, second]);
            Assert.Equal([view.Rows, 3], first.shape);
            Assert.Equal([again.Rows, 3], second.shape);
            Assert.Equal((view.Rows * 3) - 1, first[view.Rows - 1, 2].item<float>());
        }
        Assert.InRange(made.Distinct(ReferenceEqualityComparer.Instance).Count(tensor => !((Tensor)tensor!).IsInvalid), 2, 32);
        Assert.Same(matrix.Take(7).Tensor, matrix.Take(7).Tensor);
    }
}
