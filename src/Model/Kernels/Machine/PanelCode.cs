namespace Llama.Model.Kernels.Machine;

/// <summary>Plans a product by panels, and has its code generated.</summary>
internal sealed unsafe class PanelCode
{
    private readonly CodeCache<PanelShape> _tiles = new(PanelTile.Generate);
    private readonly CodeCache<PackShape> _packers = new(PanelPacker.Generate);

    /// <summary>Fills in all of a job that follows from the shapes.</summary>
    /// <param name="job">With its input and room for its chunks.</param>
    /// <param name="weight">One of the weights, which all have one format.</param>
    /// <param name="blockOutputs">Outputs of a block.</param>
    /// <param name="add">Whether to add to the outputs.</param>
    public void Plan(ref PanelJob job, Weight weight, int blockOutputs, bool add)
    {
        job.Packer = UnitPacker.Of(PackShape.Of(weight), _packers);
        job.Strips = Strips.Of(job.Input.Rows, PanelProducts.StripRows);
        job.FetchingStrips = Math.Min(job.Strips.Count, 8);
        int calls = job.FetchingStrips * blockOutputs / (PanelTile.Lanes * PanelProducts.Vectors), multiple = PanelTile.InputMultiple / 2;
        job.RowsAhead = (blockOutputs / calls + multiple - 1) / multiple * multiple;
        for (int i = 0; i < job.ChunkCount; i++) SetChunk(ref job, i, add || i > 0);
    }

    private void SetChunk(ref PanelJob job, int number, bool add)
    {
        ref PanelJob.Chunk chunk = ref job.Chunks[number];
        PackShape pack = job.Packer.Shape;
        chunk.Inputs = InputChunk.Of(job.Input.Inputs, number, pack.RoundInputs);
        PanelShape shape = new(job.Strips.Longest, PanelProducts.Vectors, chunk.Inputs.PaddedInputs, job.Input.Stride, chunk.UnitBytes, default, add);
        (chunk.Long, chunk.Short) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
        shape = shape with { Fetch = PanelFetch.OfRows(job.RowsAhead, pack.WeightStride, pack.Bits) };
        (chunk.LongFetching, chunk.ShortFetching) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
    }

    private PanelJob.Code CodeOf(PanelShape shape) => new() { Two = _tiles[shape], One = _tiles[shape with { Vectors = 1, Fetch = default }] };
}
