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
        job.Pack = PackShape.Of(weight);
        job.Strips = Strips.Of(job.Input.Rows, PanelTile.MaxRows);
        job.FetchingStrips = Math.Min(job.Strips.Count, 8);
        int calls = job.FetchingStrips * blockOutputs / (PanelTile.Lanes * PanelTile.MaxVectors), multiple = PanelTile.InputMultiple / 2;
        job.RowsAhead = (blockOutputs / calls + multiple - 1) / multiple * multiple;
        SetChunks(ref job, add);
        SetPackers(ref job);
    }

    // Chunks are whole rounds of the packer, but for the last.
    private void SetChunks(ref PanelJob job, bool add)
    {
        int inputs = job.Input.Inputs, round = job.Pack.Blocks * PackShape.BlockInputs;
        int length = ((inputs + job.ChunkCount - 1) / job.ChunkCount + round - 1) / round * round;
        for (int i = 0; i < job.ChunkCount; i++)
        {
            ref PanelJob.Chunk chunk = ref job.Chunks[i];
            chunk.Start = Math.Min(i * length, inputs);
            chunk.Inputs = Math.Min(length, inputs - chunk.Start);
            chunk.PaddedInputs = (chunk.Inputs + PackShape.BlockInputs - 1) / PackShape.BlockInputs * PackShape.BlockInputs;
            PanelShape shape = new(job.Strips.Longest, PanelTile.MaxVectors, chunk.PaddedInputs, job.Input.Stride, RowsAhead: 0, job.Pack.WeightStride, job.Pack.Bits, add || i > 0);
            (chunk.Long, chunk.Short) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
            shape = shape with { RowsAhead = job.RowsAhead };
            (chunk.LongFetching, chunk.ShortFetching) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
        }
    }

    private void SetPackers(ref PanelJob job)
    {
        PackShape rounds = job.Pack, rest = job.Pack;
        int inputs = job.Pack.Inputs % (rounds.Blocks * PackShape.BlockInputs); // of the last chunk; the others are whole
        if (rounds.Bits == 16) rest = rest with { TailInputs = inputs };
        else rest = rest with { Blocks = (inputs + PackShape.BlockInputs - 1) / PackShape.BlockInputs };
        job.PackRounds = CodeOf(rounds);
        if (inputs > 0) job.PackRest = CodeOf(rest);
    }

    private PanelJob.Code CodeOf(PanelShape shape) => new() { Two = _tiles[shape], One = _tiles[shape with { Vectors = 1, RowsAhead = 0 }] };

    private PanelJob.Code CodeOf(PackShape shape) => new() { Two = _packers[shape], One = _packers[shape with { Vectors = 1 }] };
}
