using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of few rows with weights as they lie in memory. Plan: threads take ranges of tiles, of which each is four weight rows a quarter of the matrix apart (<see cref="WeightStreams"/>). The rows of
/// the input that one tile's code takes are a strip. Of several each goes through a block of weights that the second cache holds, as the first cache does the strip, while the first of them share out the
/// fetching of the next block. What the four do not share evenly is done row by row.
/// Each output is one chain of sums along the inputs, whatever tile computes it: a row's result does not depend on the other rows of the step.
/// </summary>
internal sealed unsafe class RowProducts
{
    private const int TileOutputs = FloatTile.MaxOutputs, BlockBytes = 128 << 10;
    private const int Fetching = TileOutputs, Kinds = Fetching + 2; // of strips: the first ones, which fetch, then the long and the short of the others
    private const long WorkPerThread = 128 << 10; // multiply-adds worth waking a thread for

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
        public int WeightStride, ScaleStride, BlockTiles;
        public Strips Strips;
        public StripCode* Code; // [products, kinds]
    }

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">Packed for these weights.</param>
    /// <param name="projections">With weights of one format.</param>
    /// <param name="add">Whether to add.</param>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        QuantizedWeight? codes = projections[0].Weight as QuantizedWeight;
        Product* products = stackalloc Product[projections.Length];
        StripCode* code = stackalloc StripCode[projections.Length * Kinds];
        Job job = new()
        {
            Products = products,
            ProductCount = projections.Length,
            Input = input,
            WeightStride = codes is null ? input.Inputs * input.ElementBytes : QuantizedWeight.RowBytes(input.Inputs, codes.Bits),
            ScaleStride = codes is null ? 0 : codes.GroupCount,
            Strips = Strips.Of(input.Rows, codes is null ? FloatTile.MaxRows : CodeTile.MaxRows),
            Code = code,
        };
        int tiles = Product.Tabulate(projections, TileOutputs, products);
        job.BlockTiles = job.Strips.Count == 1 ? tiles : Math.Max(1, BlockBytes / (TileOutputs * job.WeightStride));
        for (int i = 0; i < projections.Length; i++) SetCode(ref job, i, codes, add);
        long workPerTile = (long)TileOutputs * input.Inputs * input.Rows;
        ParallelFor.Run(tiles, Math.Max(1, WorkPerThread / workPerTile), &Tiles, &job);
    }

    private void SetCode(ref Job job, int product, QuantizedWeight? codes, bool add)
    {
        int outputs = job.Products[product].Outputs, count = job.Strips.Count, fetching = count > 1 ? Math.Min(count, Fetching) : 0;
        for (int kind = 0; kind < (count > Fetching ? Kinds : count); kind++)
        {
            int rows = kind < Fetching ? job.Strips.RowsOf(kind) : kind == Fetching ? job.Strips.Longest : job.Strips.Shortest;
            WeightStreams streams = new(outputs / TileOutputs);
            if (kind < fetching) streams = new(streams.Distance, job.BlockTiles, kind * TileOutputs / fetching, (kind + 1) * TileOutputs / fetching);
            ref StripCode code = ref job.Code[product * Kinds + kind];
            if (outputs >= TileOutputs) code.Tile = CodeOf(job, codes, rows, TileOutputs, streams, add);
            if (outputs % TileOutputs > 0) code.Rest = CodeOf(job, codes, rows, outputs: 1, default, add);
        }
    }

    private nint CodeOf(in Job job, QuantizedWeight? codes, int rows, int outputs, WeightStreams streams, bool add)
    {
        RowInput input = job.Input;
        if (codes is null) return _floats[new(input.ElementBytes, rows, outputs, input.Inputs, input.Stride, job.WeightStride, streams, add)];
        return _codes[new(rows, outputs, input.Inputs, codes.Bits, codes.GroupSize, input.Stride, input.SumStride, streams, add)];
    }

    private static void Tiles(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            (int first, int last) = product.Within(begin, end);
            int whole = product.Outputs / TileOutputs;
            for (int tile = first; tile < Math.Min(last, whole); tile += job.BlockTiles) Block(ref job, i, tile, Math.Min(job.BlockTiles, Math.Min(last, whole) - tile), isRest: false);
            if (first < last && last > whole) Block(ref job, i, whole * TileOutputs, product.Outputs % TileOutputs, isRest: true);
        }
    }

    private static void Block(ref Job job, int product, int output, int count, bool isRest)
    {
        for (int strip = 0, row = 0; strip < job.Strips.Count; row += job.Strips.RowsOf(strip++))
        {
            int kind = strip < Fetching ? strip : strip < job.Strips.LongCount ? Fetching : Fetching + 1;
            StripCode code = job.Code[product * Kinds + kind];
            Call(ref job, ref job.Products[product], isRest ? code.Rest : code.Tile, row, output, count);
        }
    }

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
