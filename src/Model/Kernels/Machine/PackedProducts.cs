using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products with weights that lie packed. Plan: as many rows as a tile has all meet each line of weights as it comes from memory. More go in strips, of which a stretch of inputs by 128
/// outputs, held by the second cache, meets one after the other, while the last ones fetch the stretch that comes next.
/// Either way each output is the same chain of sums: a row's result does not depend on the other rows of the step.
/// </summary>
/// <param name="kind">The tiles.</param>
internal sealed unsafe class PackedProducts(PanelTiles kind)
{
    private const int BlockUnits = 8;

    private readonly CodeCache<PanelShape> _tiles = new(kind.Generate);

    private struct Chunk
    {
        public InputChunk Inputs;
        public TileCode Long, Short; // for strips of either length
    }

    private struct TileCode
    {
        public nint Plain, Fetching, Single; // Single is for units that fill no tile
    }

    private struct Job
    {
        public Product* Products;
        public Chunk* Chunks;
        public int ProductCount, ChunkCount, UnitStride, Vectors, PieceUnits;
        public int FetchingStrips; // the last so many fetch what comes next, each a part of it
        public bool IsOnTiles;
        public int Distance; // that a single strip fetches ahead of itself; 0 of several, which fetch the next stretch
        public RowInput Input;
        public Strips Strips;
    }

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">In bfloat16.</param>
    /// <param name="projections">With packed weights.</param>
    /// <param name="add">Whether to add.</param>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        bool few = input.Rows <= kind.MostRows;
        int chunkCount = few ? 1 : InputChunk.CountOf(input.Inputs, kind.StretchInputs);
        Chunk* chunks = stackalloc Chunk[chunkCount];
        Product* products = stackalloc Product[projections.Length];
        Job job = new() { Products = products, ProductCount = projections.Length, Chunks = chunks, ChunkCount = chunkCount, UnitStride = ((PackedWeight)projections[0].Weight).UnitStride, Input = input, IsOnTiles = kind.IsOnTiles };
        if (few) PlanFew(ref job);
        else PlanMany(ref job);
        for (int i = 0; i < chunkCount; i++)
            SetChunk(ref job, ref chunks[i], few ? new InputChunk(0, input.Inputs) : InputChunk.Of(input.Inputs, i, PackShape.BlockInputs, kind.StretchInputs), add || i > 0);
        int pieces = Product.Tabulate(projections, job.PieceUnits * UnitPacker.Outputs, products);
        ParallelFor.Run(pieces, Product.PiecesPerThread(job.PieceUnits * UnitPacker.Outputs, input), &Pieces, &job);
    }

    private void PlanFew(ref Job job)
    {
        (job.Vectors, job.Distance) = kind.UnitsFor(job.Input.Rows);
        job.PieceUnits = job.Vectors;
        job.Strips = Strips.Full(job.Input.Rows, job.Input.Rows);
        job.FetchingStrips = 1;
    }

    private void PlanMany(ref Job job)
    {
        job.Vectors = PanelTiles.StripUnits;
        job.PieceUnits = BlockUnits;
        job.Strips = kind.Cut(job.Input.Rows, kind.StripRows);
        job.FetchingStrips = job.Strips.Count >= 4 ? 4 : 2;
    }

    private void SetChunk(ref Job job, ref Chunk chunk, InputChunk inputs, bool add)
    {
        chunk.Inputs = inputs;
        PanelShape tile = new(job.Strips.Longest, job.Vectors, inputs.Inputs, job.Input.Stride, job.UnitStride, default, add);
        PanelFetch fetch = job.Distance > 0 ? PanelFetch.OfOwnLines(job.Distance) : PanelFetch.OfLines(job.FetchingStrips);
        chunk.Long = CodeOf(job, tile, fetch);
        chunk.Short = CodeOf(job, tile with { Rows = job.Strips.Shortest }, fetch);
    }

    private TileCode CodeOf(in Job job, PanelShape tile, PanelFetch fetch) =>
        new() { Plain = job.Strips.Count > job.FetchingStrips ? _tiles[tile] : 0, Fetching = _tiles[tile with { Fetch = fetch }], Single = _tiles[tile with { Vectors = 1 }] };

    private static void Pieces(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        if (job.IsOnTiles) TileRegisters.Prepare();
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            (int unit, int endUnit) = product.UnitsWithin(begin, end, job.PieceUnits);
            int most = job.Strips.Count == 1 ? endUnit - unit : BlockUnits;
            for (; unit < endUnit; unit += most) Block(ref job, ref product, unit, Math.Min(most, endUnit - unit));
        }
    }

    private static void Block(ref Job job, ref Product product, int unit, int units)
    {
        byte* block = product.Weight + (long)unit * job.UnitStride;
        for (int i = 0; i < job.ChunkCount; i++)
        {
            byte* weight = block + job.Chunks[i].Inputs.Start * UnitPacker.BytesPerInput;
            byte* next = i + 1 < job.ChunkCount ? block + job.Chunks[i + 1].Inputs.Start * UnitPacker.BytesPerInput
                : block + (long)units * job.UnitStride;
            Multiply(ref job, ref job.Chunks[i], weight, product.Output + unit * UnitPacker.Outputs, product.Outputs, units, next);
        }
    }

    private static void Multiply(ref Job job, ref Chunk chunk, byte* weight, float* outputs, int outputCount, int units, byte* next)
    {
        int tileCount = units / job.Vectors, rest = units % job.Vectors, partBytes = chunk.Inputs.Inputs * UnitPacker.BytesPerInput / job.FetchingStrips;
        TileArguments tiles = new() { Input = job.Input.Data + chunk.Inputs.Start * sizeof(ushort), OutputStride = (long)outputCount * sizeof(float) };
        for (int strip = 0; strip < job.Strips.Count; strip++)
        {
            TileCode code = strip < job.Strips.LongCount ? chunk.Long : chunk.Short;
            int part = strip - (job.Strips.Count - job.FetchingStrips);
            tiles.Weight = weight;
            tiles.Output = outputs;
            tiles.Count = tileCount;
            tiles.Ahead = next + part * partBytes;
            if (tileCount > 0) TileArguments.Call(part < 0 ? code.Plain : code.Fetching, &tiles);
            tiles.Weight = weight + (long)tileCount * job.Vectors * job.UnitStride;
            tiles.Output = outputs + tileCount * job.Vectors * UnitPacker.Outputs;
            tiles.Count = rest;
            if (rest > 0) TileArguments.Call(code.Single, &tiles);
            int rows = job.Strips.RowsOf(strip);
            tiles.Input += (long)rows * job.Input.Stride;
            outputs += (long)rows * outputCount;
        }
    }
}
