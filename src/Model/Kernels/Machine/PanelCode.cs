namespace Llama.Model.Kernels.Machine;

/// <summary>Plans a product by panels, and has its code generated.</summary>
/// <param name="kind">The tiles.</param>
internal sealed unsafe class PanelCode(PanelTiles kind)
{
    private readonly CodeCache<PanelShape> _tiles = new(kind.Generate);
    private readonly CodeCache<PackShape> _packers = new(PanelPacker.Generate);

    /// <summary>Fills in all of a job that follows from the shapes.</summary>
    /// <param name="job">With its input, the size of its blocks and room for its chunks.</param>
    /// <param name="weight">One of the weights, which all have one format.</param>
    /// <param name="add">Whether to add to the outputs.</param>
    public void Plan(ref PanelJob job, Weight weight, bool add)
    {
        job.HasUnits = weight is PackedCodes;
        if (weight is PackedCodes codes) job.Form = codes.Form;
        else job.Packer = UnitPacker.Of(PackShape.Of(weight), _packers);
        job.Strips = kind.Cut(job.Input.Rows, kind.StripRows);
        if (weight.Reader is null && !job.HasUnits) PlanFetching(ref job); // else there is nothing to fetch before it is read, or the processor does it by itself
        for (int i = 0; i < job.ChunkCount; i++) SetChunk(ref job, i, add || i > 0);
    }

    private static void PlanFetching(ref PanelJob job)
    {
        job.FetchingStrips = Math.Min(job.Strips.Count, 8);
        int calls = job.FetchingStrips * job.BlockOutputs / (PanelTile.Lanes * PanelTiles.StripUnits), multiple = PanelTile.InputMultiple / 2;
        job.RowsAhead = (job.BlockOutputs / calls + multiple - 1) / multiple * multiple;
    }

    private void SetChunk(ref PanelJob job, int number, bool add)
    {
        ref PanelJob.Chunk chunk = ref job.Chunks[number];
        PackShape pack = job.Packer.Shape;
        chunk.Inputs = InputChunk.Of(job.Input.Inputs, number, job.HasUnits ? job.Form.BlockInputs : pack.RoundInputs, kind.StretchInputs);
        PanelShape shape = new(job.Strips.Longest, PanelTiles.StripUnits, chunk.Inputs.PaddedInputs, job.Input.Stride, chunk.UnitBytes, default, add);
        (chunk.Long, chunk.Short) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
        if (job.FetchingStrips == 0) return;
        shape = shape with { Fetch = PanelFetch.OfRows(job.RowsAhead, pack.WeightStride, pack.Bits) };
        (chunk.LongFetching, chunk.ShortFetching) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
    }

    private PanelJob.Code CodeOf(PanelShape shape) => new() { Two = _tiles[shape], One = _tiles[shape with { Vectors = 1, Fetch = default }] };
}
