using Llama.Model.Torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products with bfloat16 weights by generated tiles. Plan: the input is rounded to bfloat16 once for all its projections; threads take ranges of weight rows; within them blocks of weight
/// rows that the second cache holds meet strips of input rows that the first one holds.
/// Each output is one chain of sums along the inputs, whatever tile computes it: a row's result does not depend on the other rows of the step.
/// </summary>
internal sealed unsafe class MachineLinear : IDisposable
{
    private const int BlockBytes = 256 << 10;
    private const long WorkPerThread = 128 << 10; // multiply-adds worth waking a thread for

    private readonly Dictionary<TileShape, nint> _code = [];
    private readonly PackedInput _packed = new();

    private struct Product
    {
        public byte* Weight;
        public float* Output;
        public int Outputs, FirstTile, TileCount;
    }

    private struct Job
    {
        public Product* Products;
        public int ProductCount;
        public byte* Input;
        public int InputStride, WeightStride, BlockTiles;
        public Strips Strips;
        public nint LongTile, ShortTile, LongRest, ShortRest; // code for the strips of either length, for tiles and for the outputs that fill none
    }

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    public void Run(Matrix input, ReadOnlySpan<Projection> projections, bool add)
    {
        _packed.Pack(input);
        Product* products = stackalloc Product[projections.Length];
        Job job = new()
        {
            Products = products,
            ProductCount = projections.Length,
            Input = _packed.Data,
            InputStride = PackedInput.StrideOf(input.Columns),
            WeightStride = input.Columns * sizeof(ushort),
            Strips = Strips.Of(input.Rows, Bf16Tile.MaxRows),
        };
        job.BlockTiles = Math.Max(1, BlockBytes / (Bf16Tile.MaxOutputs * job.WeightStride));
        TileShape shape = new(job.Strips.Longest, Bf16Tile.MaxOutputs, input.Columns, job.InputStride, job.WeightStride, add);
        (job.LongTile, job.LongRest) = (Code(shape), Code(shape with { Outputs = 1 }));
        shape = shape with { Rows = job.Strips.Shortest };
        (job.ShortTile, job.ShortRest) = (Code(shape), Code(shape with { Outputs = 1 }));
        int tiles = 0;
        for (int i = 0; i < projections.Length; i++)
        {
            Matrix weight = ((DenseWeight)projections[i].Weight).Values;
            int count = (weight.Rows + Bf16Tile.MaxOutputs - 1) / Bf16Tile.MaxOutputs;
            products[i] = new Product { Weight = (byte*)weight.Data, Output = projections[i].Output.Floats, Outputs = weight.Rows, FirstTile = tiles, TileCount = count };
            tiles += count;
        }
        long workPerTile = (long)Bf16Tile.MaxOutputs * input.Columns * input.Rows;
        ParallelFor.Run(tiles, Math.Max(1, WorkPerThread / workPerTile), &Tiles, &job);
    }

    public void Dispose() => _packed.Dispose();

    private nint Code(TileShape shape)
    {
        if (!_code.TryGetValue(shape, out nint code)) _code[shape] = code = (nint)CodeMemory.TryPlace(Bf16Tile.Generate(shape));
        return code;
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
            bool isLong = strip < job.Strips.LongCount;
            tiles.Weight = product.Weight + (long)output * job.WeightStride;
            tiles.Output = outputs;
            tiles.Count = whole / Bf16Tile.MaxOutputs;
            if (tiles.Count > 0) Call(isLong ? job.LongTile : job.ShortTile, &tiles);
            if (rest > 0)
            {
                tiles.Weight += (whole - rest) * (long)job.WeightStride;
                tiles.Output += whole - rest;
                tiles.Count = rest;
                Call(isLong ? job.LongRest : job.ShortRest, &tiles);
            }
            int rows = isLong ? job.Strips.Longest : job.Strips.Shortest;
            tiles.Input += (long)rows * job.InputStride;
            outputs += (long)rows * product.Outputs;
        }
    }

    private static void Call(nint code, TileArguments* arguments) => ((delegate* unmanaged[Cdecl, SuppressGCTransition]<TileArguments*, void>)code)(arguments);
}
