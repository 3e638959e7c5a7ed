using Llama.Model.Torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of few rows with bfloat16 weights as they lie in their file. Plan: threads take ranges of weight rows; within them blocks of weight rows that the second cache holds meet strips
/// of input rows that the first one holds.
/// Each output is one chain of sums along the inputs, whatever tile computes it: a row's result does not depend on the other rows of the step.
/// </summary>
internal sealed unsafe class RowProducts
{
    private const int BlockBytes = 256 << 10, FewStrips = 4;
    private const long WorkPerThread = 128 << 10; // multiply-adds worth waking a thread for

    private readonly CodeCache<TileShape> _code = new(Bf16Tile.Generate);

    private struct Product
    {
        public byte* Weight;
        public float* Output;
        public int Outputs, FirstTile, TileCount;
    }

    private struct StripCode
    {
        public nint Tile, Rest; // Rest is for the outputs that fill no tile
    }

    private struct Job
    {
        public Product* Products;
        public int ProductCount;
        public byte* Input;
        public int InputStride, WeightStride, BlockTiles;
        public Strips Strips;
        public StripCode* Code; // of each strip
    }

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    public void Run(PackedInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        Product* products = stackalloc Product[projections.Length];
        Job job = new()
        {
            Products = products,
            ProductCount = projections.Length,
            Input = input.Data,
            InputStride = input.Stride,
            WeightStride = input.Inputs * sizeof(ushort),
            Strips = Strips.Of(input.Rows, Bf16Tile.MaxRows),
        };
        job.BlockTiles = job.Strips.Count <= FewStrips ? 1 : Math.Max(1, BlockBytes / (Bf16Tile.MaxOutputs * job.WeightStride));
        StripCode* code = stackalloc StripCode[job.Strips.Count];
        job.Code = code;
        for (int strip = 0; strip < job.Strips.Count; strip++) code[strip] = CodeOf(job, strip, input.Inputs, add);
        int tiles = 0;
        for (int i = 0; i < projections.Length; i++)
        {
            Matrix weight = ((DenseWeight)projections[i].Weight).Values;
            int count = (weight.Rows + Bf16Tile.MaxOutputs - 1) / Bf16Tile.MaxOutputs;
            products[i] = new Product { Weight = (byte*)weight.Data, Output = projections[i].Output.Floats, Outputs = weight.Rows, FirstTile = tiles, TileCount = count };
            tiles += count;
        }
        long workPerTile = (long)Bf16Tile.MaxOutputs * input.Inputs * input.Rows;
        ParallelFor.Run(tiles, Math.Max(1, WorkPerThread / workPerTile), &Tiles, &job);
    }

    // Of a next tile's four rows each of up to four strips fetches its share.
    private StripCode CodeOf(in Job job, int strip, int inputs, bool add)
    {
        int sharing = Math.Min(job.Strips.Count, Bf16Tile.MaxOutputs);
        int first = strip * Bf16Tile.MaxOutputs / sharing, end = (strip + 1) * Bf16Tile.MaxOutputs / sharing;
        bool fetches = strip < sharing && job.BlockTiles == 1;
        TileShape shape = new(job.Strips.RowsOf(strip), Bf16Tile.MaxOutputs, inputs, job.InputStride, job.WeightStride, fetches ? first : 0, fetches ? end - first : 0, add);
        return new StripCode { Tile = _code[shape], Rest = _code[shape with { Outputs = 1, FirstAhead = 0, RowsAhead = 0 }] };
    }

    private static void Tiles(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            int first = (int)Math.Max(begin - product.FirstTile, 0), last = (int)Math.Min(end - product.FirstTile, product.TileCount);
            for (int tile = first; tile < last; tile += job.BlockTiles) Block(ref job, ref product, tile, Math.Min(last, tile + job.BlockTiles));
        }
    }

    private static void Block(ref Job job, ref Product product, int first, int last)
    {
        int output = first * Bf16Tile.MaxOutputs, whole = Math.Min(last * Bf16Tile.MaxOutputs, product.Outputs) - output;
        int rest = whole % Bf16Tile.MaxOutputs;
        TileArguments tiles = new()
        {
            Input = job.Input,
            OutputStride = (long)product.Outputs * sizeof(float),
        };
        float* outputs = product.Output + output;
        for (int strip = 0; strip < job.Strips.Count; strip++)
        {
            tiles.Weight = product.Weight + (long)output * job.WeightStride;
            tiles.Output = outputs;
            tiles.Count = whole / Bf16Tile.MaxOutputs;
            if (tiles.Count > 0) TileArguments.Call(job.Code[strip].Tile, &tiles);
            if (rest > 0)
            {
                tiles.Weight += (whole - rest) * (long)job.WeightStride;
                tiles.Output += whole - rest;
                tiles.Count = rest;
                TileArguments.Call(job.Code[strip].Rest, &tiles);
            }
            int rows = job.Strips.RowsOf(strip);
            tiles.Input += (long)rows * job.InputStride;
            outputs += (long)rows * product.Outputs;
        }
    }
}
