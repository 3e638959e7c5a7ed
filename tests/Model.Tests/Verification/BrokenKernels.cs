using Llama.Model.Kernels;

namespace Llama.Model.Tests.Verification;

/// <summary>Right kernels, but for one of them, which makes the largest number of each row a twentieth larger, or copies nothing.</summary>
internal sealed unsafe class BrokenKernels(IKernels right, string broken) : IKernels
{
    public string Describe(LlamaWeights? weights = null) => $"broken {broken}";

    public void CopyBlocks(ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        if (broken != nameof(CopyBlocks)) right.CopyBlocks(batch, shape, cache);
    }

    public void Embed(Weight table, ForwardBatch batch, Matrix output, int firstToken)
    {
        right.Embed(table, batch, output, firstToken);
        Break(nameof(Embed), output);
    }

    public void RmsNorm(Matrix input, Matrix weight, float epsilon, Matrix output)
    {
        right.RmsNorm(input, weight, epsilon, output);
        Break(nameof(RmsNorm), output);
    }

    public void Linear(Matrix input, ReadOnlySpan<Projection> projections)
    {
        right.Linear(input, projections);
        foreach (Projection projection in projections) Break(nameof(Linear), projection.Output);
    }

    public void LinearAdd(Matrix input, Weight weight, Matrix residual)
    {
        right.LinearAdd(input, weight, residual);
        Break(nameof(LinearAdd), residual);
    }

    public void RotateAndStore(Matrix queries, Matrix keys, Matrix values, RopeTable rope, ForwardBatch batch, AttentionShape shape, KvLayer cache)
    {
        Break(nameof(RotateAndStore), values);
        right.RotateAndStore(queries, keys, values, rope, batch, shape, cache);
    }

    public void Attend(Matrix queries, ForwardBatch batch, AttentionShape shape, KvLayer cache, Matrix output)
    {
        right.Attend(queries, batch, shape, cache, output);
        Break(nameof(Attend), output);
    }

    public void SiluMultiply(Matrix gate, Matrix up)
    {
        right.SiluMultiply(gate, up);
        Break(nameof(SiluMultiply), gate);
    }

    public void TakeRows(Matrix input, ReadOnlySpan<int> rows, Matrix output)
    {
        right.TakeRows(input, rows, output);
        Break(nameof(TakeRows), output);
    }

    private void Break(string kernel, Matrix result)
    {
        if (kernel != broken) return;
        for (int row = 0; row < result.Rows; row++)
        {
            float* values = result.Floats + (long)row * result.Columns;
            int largest = 0; // of the row, so that it shows beside the others
            for (int i = 1; i < result.Columns; i++) if (Math.Abs(values[i]) > Math.Abs(values[largest])) largest = i;
            values[largest] *= 1.05f;
        }
    }
}
