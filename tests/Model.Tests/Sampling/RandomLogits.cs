namespace Llama.Model.Tests.Sampling;

internal static class RandomLogits
{
    /// <summary>Normally distributed.</summary>
    public static float[] Normal(Random random, int count, float spread)
    {
        float[] logits = new float[count];
        for (int i = 0; i < count; i++)
            logits[i] = spread * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return logits;
    }
}
