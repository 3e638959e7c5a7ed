using static TorchSharp.torch;

namespace Llama.Model.Kernels;

/// <summary>Cosines and sines of every position (Su et al. 2021), for the halves convention: element i of a head turns with element i + headDim / 2.</summary>
internal sealed class RopeTable : IDisposable
{
    /// <summary>[positions, headDim / 2] float32</summary>
    public Matrix Cosines { get; }

    /// <summary>[positions, headDim / 2] float32</summary>
    public Matrix Sines { get; }

    /// <summary>Bytes that making it takes: the table, and what it is computed in.</summary>
    public static long BytesOf(LlamaConfig config, int positionCount) => 4 * Matrix.BytesOf(positionCount, config.HeadDim / 2, ScalarType.Float32);

    /// <summary>Computes the table in double precision, rounded once; YaRN's attention factor is part of it.</summary>
    public RopeTable(RopeFrequencies frequencies, int positionCount, DeviceMemory memory)
    {
        int half = frequencies.Inverse.Length;
        float[] cosines = new float[(long)positionCount * half], sines = new float[cosines.Length];
        for (int position = 0, at = 0; position < positionCount; position++)
            for (int i = 0; i < half; i++, at++)
            {
                (double sine, double cosine) = Math.SinCos((double)position * frequencies.Inverse[i]);
                cosines[at] = (float)(cosine * frequencies.AttentionFactor);
                sines[at] = (float)(sine * frequencies.AttentionFactor);
            }
        Cosines = memory.Place(HostMemory.Of(cosines, positionCount, half), ScalarType.Float32);
        Sines = memory.Place(HostMemory.Of(sines, positionCount, half), ScalarType.Float32);
    }

    public void Dispose()
    {
        Cosines.Dispose();
        Sines.Dispose();
    }
}
