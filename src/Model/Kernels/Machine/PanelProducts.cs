using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of many rows, in bfloat16, whatever form the weights have. Plan: threads take blocks of 128 outputs; a stretch of a block's inputs at a time are packed into panels of bfloat16,
/// which the second cache holds; strips of input rows are multiplied with panel after panel, while the weights that come next are fetched from memory.
/// Partial sums of the stretches of inputs meet in the output. Packing costs about a hundredth of the products of 512 rows. (The scheme is Goto and van de Geijn's, 2008.)
/// </summary>
/// <param name="kind">The tiles.</param>
internal sealed unsafe class PanelProducts(PanelTiles kind)
{
    private const int MostBlockOutputs = 128;

    private readonly PanelCode _code = new(kind);
    private readonly PerThread<ScratchMemory> _panels = new(() => new ScratchMemory());

    /// <summary>Whether the weight's outputs fill registers.</summary>
    public static bool Fits(Weight weight) => weight.Outputs % PanelTile.Lanes == 0;

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">In bfloat16, in the weights' order.</param>
    /// <param name="projections">With weights of one format that fit.</param>
    /// <param name="add">Whether to add.</param>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        int chunkCount = InputChunk.CountOf(input.Inputs, kind.StretchInputs);
        PanelJob.Chunk* chunks = stackalloc PanelJob.Chunk[chunkCount];
        Product* products = stackalloc Product[projections.Length];
        byte** panels = stackalloc byte*[_panels.Count];
        PanelJob job = new() { Products = products, ProductCount = projections.Length, Chunks = chunks, ChunkCount = chunkCount, IsOnTiles = kind.IsOnTiles, Input = input, Panels = panels };
        RowReader? reader = projections[0].Weight.Reader;
        job.BlockOutputs = reader is null ? MostBlockOutputs : Math.Min(MostBlockOutputs, reader.MostRows / UnitPacker.Outputs * UnitPacker.Outputs);
        _code.Plan(ref job, projections[0].Weight, add);
        for (int slot = 0; slot < _panels.Count; slot++) panels[slot] = (byte*)_panels[slot].Get(job.BlockOutputs / UnitPacker.Outputs * chunks[0].UnitBytes); // the first is the longest
        ParallelFor.Run(Product.Tabulate(projections, job.BlockOutputs, products), 1, &Blocks, &job);
    }

    private static void Blocks(long begin, long end, void* state)
    {
        ref PanelJob job = ref *(PanelJob*)state;
        if (job.IsOnTiles) TileRegisters.Prepare();
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            (int first, int last) = product.Within(begin, end);
            for (int block = first; block < last; block++) Block(ref job, product, block * job.BlockOutputs);
        }
    }

    private static void Block(ref PanelJob job, in Product whole, int first)
    {
        int outputs = Math.Min(job.BlockOutputs, whole.Outputs - first), units = outputs / UnitPacker.Outputs;
        Product product = whole.Bring(first, outputs);
        byte* rows = product.Weight + (long)first * job.Packer.Shape.WeightStride, panels = job.Panels[ParallelFor.Slot];
        for (int i = 0; i < job.ChunkCount; i++)
        {
            ref PanelJob.Chunk chunk = ref job.Chunks[i];
            for (int unit = 0; unit < units; unit++) Pack(ref job, product, first + unit * UnitPacker.Outputs, chunk.Inputs, panels + unit * chunk.UnitBytes);
            byte* next = i + 1 < job.ChunkCount ? rows + job.Packer.Shape.BytesTo(job.Chunks[i + 1].Inputs.Start) : rows + (long)outputs * job.Packer.Shape.WeightStride;
            Multiply(ref job, ref chunk, panels, product.Output + first, product.Outputs, units, next);
        }
    }

    private static void Pack(ref PanelJob job, in Product product, int output, InputChunk inputs, byte* target)
    {
        if (!job.HasUnits) job.Packer.Pack(product, output, inputs.Start, inputs.Inputs, target);
        else CodePanels.Widen(job.Form, product.Weight + (long)(output / UnitPacker.Outputs) * job.Form.UnitBytes + inputs.Start / job.Form.BlockInputs * job.Form.BlockBytes, inputs.Inputs, target);
    }

    private static void Multiply(ref PanelJob job, ref PanelJob.Chunk chunk, byte* panels, float* outputs, int outputCount, int units, byte* next)
    {
        int count = units / PanelTiles.StripUnits;
        TileArguments tiles = new() { Input = job.Input.Data + chunk.Inputs.Start * sizeof(ushort), OutputStride = (long)outputCount * sizeof(float) };
        for (int strip = 0; strip < job.Strips.Count; strip++)
        {
            int fetching = strip - (job.Strips.Count - job.FetchingStrips); // the last ones: what is fetched earlier has left the second cache again when it is packed
            PanelJob.Code code = chunk.Of(strip < job.Strips.LongCount, fetching >= 0);
            tiles.Weight = panels;
            tiles.Output = outputs;
            tiles.Count = count;
            tiles.Ahead = next + (long)fetching * count * job.RowsAhead * job.Packer.Shape.WeightStride;
            if (count > 0) TileArguments.Call(code.Two, &tiles);
            if (units % PanelTiles.StripUnits > 0)
            {
                tiles.Weight = panels + chunk.UnitBytes * count * PanelTiles.StripUnits;
                tiles.Output = outputs + count * PanelTiles.StripUnits * UnitPacker.Outputs;
                tiles.Count = 1;
                TileArguments.Call(code.One, &tiles);
            }
            int rows = job.Strips.RowsOf(strip);
            tiles.Input += (long)rows * job.Input.Stride;
            outputs += (long)rows * outputCount;
        }
    }
}
