using Llama.Model.Kernels;
using Llama.Model.Kernels.Outliers;

namespace Llama.Model.Offload;

/// <summary>A weight in codes whose outliers are split off: the codes are read again and again, the columns stay in the mapped file, of which those in use are few.</summary>
/// <param name="codes">As the files hold them.</param>
/// <param name="mapColumns">Maps the columns.</param>
/// <param name="threshold">From what size on an element of the input stands out.</param>
internal sealed unsafe class StoredOutliers(StoredCodes codes, Func<OutlierColumns> mapColumns, float threshold) : StoredWeight(codes.Outputs, codes.Inputs)
{
    public override IReadOnlyList<FileRange> Ranges => codes.Ranges;

    public override long MemoryBytes => codes.MemoryBytes;

    public override long ValueBytes => codes.ValueBytes;

    public override int GroupCount => codes.GroupCount;

    public override bool HasMinima => codes.HasMinima;

    public override Weight On(byte* memory, RowReader? reader = null) => new OutlierWeight((QuantizedWeight)codes.On(memory, reader), mapColumns(), threshold);

    public override void Read(WeightRows target, int first, int count, StageMemory stage) => codes.Read(target, first, count, stage);
}
