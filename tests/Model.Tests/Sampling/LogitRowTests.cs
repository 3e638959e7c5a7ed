using System.Runtime.Intrinsics;
using Llama.Model.Sampling;

namespace Llama.Model.Tests.Sampling;

public sealed class LogitRowTests
{
    [Fact]
    public void Exp_WholeRange_IsWithinItsErrorBound()
    {
        for (float x = -86.9f; x <= 0; x += 0.0137f)
        {
            double expected = Math.Exp(x);
            Assert.InRange(LogitRow.Exp(Vector256.Create(x))[0] / expected - 1, -3.6e-7, 3.6e-7);
        }
    }

    [Fact]
    public void Exp_Limits_AreExact()
    {
        Assert.Equal(1, LogitRow.Exp(Vector256.Create(0f))[0]);
        Assert.Equal(0, LogitRow.Exp(Vector256.Create(-87.5f))[0]);
        Assert.Equal(0, LogitRow.Exp(Vector256.Create(float.NegativeInfinity))[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1003)]
    public void ArgMax_MaximumAnywhere_IsFound(int length)
    {
        for (int place = 0; place < length; place++)
        {
            float[] logits = new float[length];
            Array.Fill(logits, -5);
            logits[place] = -1;
            logits[length - 1] = -1;
            Assert.Equal(place, LogitRow.ArgMax(logits));
        }
    }
}
