using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of few rows with weights as they lie in memory. Plan: threads take ranges of tiles; each tile's weights, fetched once, meet the strips of input rows one after the other. All
/// that is generated code: the memory rests whenever it is left. Of many strips each meets, one call after the other, blocks of weights that the second cache holds.
/// A single row only waits for memory, and the processor best fetches ahead by itself, along streams of which a page has but one: so the four weight rows of its tile are a quarter of the matrix apart,
/// and the next tile's are the rows behind them.
/// Each output is one chain of sums along the inputs, whatever tile computes it: a row's result does not depend on the other rows of the step.
/// </summary>
internal sealed unsafe class RowProducts
{
    private const int TileOutputs = FloatTile.MaxOutputs, BlockBytes = 256 << 10, FewStrips = 4;

    private readonly CodeCache<TileShape> _floats = new(FloatTile.Generate);
    private readonly CodeCache<CodeShape> _codes = new(CodeTile.Generate);

    private struct StripCode
    {
        public nint Tile, Rest; // Rest is for the outputs that fill no tile
    }

    private struct Job
    {
        public Product* Products;
        public int ProductCount;
        public RowInput Input;
        public int WeightStride, ScaleStride, PieceTiles, BlockTiles; // a piece is what a thread takes at least
        public Strips Strips;
        public bool HasStreams; // a tile's outputs are far apart
        public StripCode* Code; // of each product where they are, which says how far; else of the longer strips and of the others
    }

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">Packed for these weights.</param>
    /// <param name="projections">With weights of one format.</param>
    /// <param name="add">Whether to add.</param>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        QuantizedWeight? codes = projections[0].Weight as QuantizedWeight;
        RowReader? reader = projections[0].Weight.Reader;
        Strips strips = Strips.Of(input.Rows, codes is null ? FloatTile.MaxRows : CodeTile.MaxRows);
        bool few = strips.Count <= FewStrips;
        if (few) strips = Strips.Of(input.Rows, input.Rows); // to the code, which cuts them itself
        Product* products = stackalloc Product[projections.Length];
        StripCode* code = stackalloc StripCode[Math.Max(projections.Length, 2)];
        Job job = new()
        {
            Products = products,
            ProductCount = projections.Length,
            Input = input,
            WeightStride = codes is null ? input.Inputs * input.ElementBytes : QuantizedWeight.RowBytes(input.Inputs, codes.Bits),
            ScaleStride = codes is null ? 0 : codes.GroupCount,
            Strips = strips,
            Code = code,
        };
        int cachedTiles = Math.Max(1, BlockBytes / (TileOutputs * job.WeightStride));
        job.PieceTiles = reader is null ? 1 : Math.Min(cachedTiles, reader.MostRows / TileOutputs);
        int pieces = Product.Tabulate(projections, job.PieceTiles * TileOutputs, products);
        job.BlockTiles = reader is not null ? job.PieceTiles : few ? pieces : cachedTiles;
        job.HasStreams = reader is null && input.Rows == 1 && (long)pieces * TileOutputs * job.WeightStride < int.MaxValue; // a distance is part of the code, in 32 bits
        SetCode(job, codes, fetchesAhead: few && reader is null, add);
        ParallelFor.Run(pieces, Product.PiecesPerThread(job.PieceTiles * TileOutputs, input), &Pieces, &job);
    }

    private void SetCode(in Job job, QuantizedWeight? codes, bool fetchesAhead, bool add)
    {
        if (job.HasStreams) for (int i = 0; i < job.ProductCount; i++) job.Code[i] = CodeOf(job, codes, rows: 1, job.Products[i].Outputs / TileOutputs, fetchesAhead: false, add);
        else
        {
            job.Code[0] = CodeOf(job, codes, job.Strips.Longest, distance: 1, fetchesAhead, add);
            job.Code[1] = CodeOf(job, codes, job.Strips.Shortest, distance: 1, fetchesAhead, add);
        }
    }

    private StripCode CodeOf(in Job job, QuantizedWeight? codes, int rows, int distance, bool fetchesAhead, bool add)
    {
        RowInput input = job.Input;
        if (codes is null)
        {
            TileShape tile = new(input.ElementBytes, rows, TileOutputs, input.Inputs, input.Stride, job.WeightStride, distance, fetchesAhead, add);
            return new StripCode { Tile = _floats[tile], Rest = _floats[tile with { Outputs = 1, Distance = 1, FetchesAhead = false }] };
        }
        CodeShape shape = new(rows, TileOutputs, input.Inputs, codes.Bits, codes.GroupSize, input.Stride, input.SumStride, distance, fetchesAhead, add);
        return new StripCode { Tile = _codes[shape], Rest = _codes[shape with { Outputs = 1, Distance = 1, FetchesAhead = false }] };
    }

    private static void Pieces(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            (int first, int last) = product.Within(begin, end);
            int whole = product.Outputs / TileOutputs, endTile = Math.Min(last * job.PieceTiles, whole);
            for (int tile = first * job.PieceTiles; tile < endTile; tile += job.BlockTiles)
                Multiply(ref job, i, job.HasStreams ? tile : tile * TileOutputs, Math.Min(job.BlockTiles, endTile - tile), TileOutputs);
            int rest = product.Outputs - whole * TileOutputs;
            if (rest > 0 && last * job.PieceTiles > whole && last > first) Multiply(ref job, i, whole * TileOutputs, rest, tileOutputs: 1);
        }
    }

    // So many tiles of so many outputs, from one on.
    private static void Multiply(ref Job job, int product, int output, int count, int tileOutputs)
    {
        Product brought = job.Products[product].Bring(output, count * tileOutputs);
        for (int strip = 0, row = 0; strip < job.Strips.Count; row += job.Strips.RowsOf(strip++))
        {
            ref StripCode code = ref CodeFor(ref job, product, strip);
            Call(ref job, ref brought, tileOutputs == 1 ? code.Rest : code.Tile, row, output, count);
        }
    }

    private static ref StripCode CodeFor(ref Job job, int product, int strip) => ref job.Code[job.HasStreams ? product : strip < job.Strips.LongCount ? 0 : 1];

    private static void Call(ref Job job, ref Product product, nint code, int row, int output, int count)
    {
        long scales = (long)output * job.ScaleStride;
        TileArguments arguments = new()
        {
            Input = job.Input.Data + (long)row * job.Input.Stride,
            Weight = product.Weight + (long)output * job.WeightStride,
            Output = product.Output + (long)row * product.Outputs + output,
            OutputStride = (long)product.Outputs * sizeof(float),
            Count = count,
            Scales = product.Scales + scales,
            Corrections = product.Corrections + scales,
            GroupSums = job.Input.GroupSums + (long)row * job.Input.SumStride / sizeof(float),
            InputScales = job.Input.Scales + row,
        };
        TileArguments.Call(code, &arguments);
    }
}
