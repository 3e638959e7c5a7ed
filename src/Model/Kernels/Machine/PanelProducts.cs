using System.Runtime.InteropServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of many rows, in bfloat16, whatever form the weights have. Plan: threads take ranges of outputs; within them a block of 128 outputs and some 1,024 inputs is packed into panels of bfloat16, which the
/// second cache holds; strips of 12 input rows, which the first one holds, are multiplied with panel after panel. Partial sums of the blocks along the inputs meet in the output.
/// Packing costs about a hundredth of the products of 512 rows. (Goto and van de Geijn 2008 is the scheme.)
/// </summary>
internal sealed unsafe class PanelProducts
{
    private const int BlockOutputs = 128, ChunkInputs = 1024;

    private readonly CodeCache<PanelShape> _tiles = new(PanelTile.Generate);
    private readonly CodeCache<PackShape> _packers = new(PanelPacker.Generate);

    private static readonly int* SpreadIndex = CreateSpreadIndex();

    [ThreadStatic]
    private static byte* _panels; // of a block; each thread keeps its own

    private struct Product
    {
        public byte* Weight;
        public float* Scales, Minima, Output;
        public int Outputs, FirstBlock, BlockCount;
    }

    /// <summary>A stretch of the inputs.</summary>
    private struct Chunk
    {
        public int Start, Inputs, PaddedInputs;
        public StripCode Long, Short, LongFetching, ShortFetching; // for strips of either length, and for those of them that fetch the next block meanwhile
    }

    /// <summary>Code for panels of two registers and of one.</summary>
    private struct StripCode
    {
        public nint Two, One;
    }

    private struct Job
    {
        public Product* Products;
        public Chunk* Chunks;
        public int ProductCount, ChunkCount;
        public byte* Input;
        public int InputStride;
        public PackShape Pack;
        public Strips Strips;
        public int FetchingStrips, RowsAhead; // the first so many strips fetch so many rows with each panel, all of a block in the end
        public StripCode PackRounds, PackRest; // whole rounds of a chunk, and what is left of it
    }

    /// <summary>Whether the weight's outputs fill registers.</summary>
    public static bool Fits(Weight weight) => weight.Outputs % PanelTile.Lanes == 0;

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        int chunkCount = (input.Inputs + ChunkInputs - 1) / ChunkInputs;
        Chunk* chunks = stackalloc Chunk[chunkCount];
        Product* products = stackalloc Product[projections.Length];
        Job job = new()
        {
            Products = products,
            Chunks = chunks,
            ProductCount = projections.Length,
            ChunkCount = chunkCount,
            Input = input.Data,
            InputStride = input.Stride,
            Pack = PackShape.Of(projections[0].Weight),
            Strips = Strips.Of(input.Rows, PanelTile.MaxRows),
        };
        job.FetchingStrips = Math.Min(job.Strips.Count, 8);
        int calls = job.FetchingStrips * (BlockOutputs / PanelTile.Lanes / PanelTile.MaxVectors), multiple = PanelTile.InputMultiple / 2;
        job.RowsAhead = (BlockOutputs / calls + multiple - 1) / multiple * multiple;
        SetChunks(ref job, input.Inputs, add);
        SetPackers(ref job);
        int blocks = 0;
        for (int i = 0; i < projections.Length; i++)
        {
            products[i] = ProductOf(projections[i], blocks);
            blocks += products[i].BlockCount;
        }
        ParallelFor.Run(blocks, 1, &Blocks, &job);
    }

    private static Product ProductOf(Projection projection, int firstBlock)
    {
        Product product = new()
        {
            Output = projection.Output.Floats,
            Outputs = projection.Weight.Outputs,
            FirstBlock = firstBlock,
            BlockCount = (projection.Weight.Outputs + BlockOutputs - 1) / BlockOutputs,
        };
        if (projection.Weight is QuantizedWeight codes)
        {
            product.Weight = (byte*)codes.Codes.Data;
            product.Scales = codes.Scales.Floats;
            product.Minima = codes.Minima is null ? null : codes.Minima.Floats;
        }
        else
        {
            product.Weight = (byte*)((DenseWeight)projection.Weight).Values.Data;
        }
        return product;
    }

    private void SetChunks(ref Job job, int inputs, bool add)
    {
        int round = job.Pack.Blocks * PackShape.BlockInputs;
        int length = ((inputs + job.ChunkCount - 1) / job.ChunkCount + round - 1) / round * round;
        for (int i = 0; i < job.ChunkCount; i++)
        {
            ref Chunk chunk = ref job.Chunks[i];
            chunk.Start = i * length;
            chunk.Inputs = Math.Min(length, inputs - chunk.Start);
            chunk.PaddedInputs = (chunk.Inputs + PackShape.BlockInputs - 1) / PackShape.BlockInputs * PackShape.BlockInputs;
            PanelShape shape = new(job.Strips.Longest, PanelTile.MaxVectors, chunk.PaddedInputs, job.InputStride, RowsAhead: 0, job.Pack.WeightStride, job.Pack.Bits, add || i > 0);
            (chunk.Long, chunk.Short) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
            shape = shape with { RowsAhead = job.RowsAhead };
            (chunk.LongFetching, chunk.ShortFetching) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
        }
    }

    private StripCode CodeOf(PanelShape shape) => new() { Two = _tiles[shape], One = _tiles[shape with { Vectors = 1, RowsAhead = 0 }] };

    private void SetPackers(ref Job job)
    {
        PackShape rounds = job.Pack, rest = job.Pack;
        int inputs = job.Pack.Inputs % (rounds.Blocks * PackShape.BlockInputs); // of the last chunk; the others are whole
        if (rounds.Bits == 16) rest = rest with { TailInputs = inputs };
        else rest = rest with { Blocks = (inputs + PackShape.BlockInputs - 1) / PackShape.BlockInputs };
        job.PackRounds = new StripCode { Two = _packers[rounds], One = _packers[rounds with { Vectors = 1 }] };
        if (inputs > 0) job.PackRest = new StripCode { Two = _packers[rest], One = _packers[rest with { Vectors = 1 }] };
    }

    private static void Blocks(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        if (_panels is null) _panels = (byte*)NativeMemory.AlignedAlloc(BlockOutputs * (ChunkInputs + PackShape.BlockInputs) * sizeof(ushort), 64);
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            int first = (int)Math.Max(begin - product.FirstBlock, 0), last = (int)Math.Min(end - product.FirstBlock, product.BlockCount);
            for (int block = first; block < last; block++) Block(ref job, ref product, block * BlockOutputs);
        }
    }

    private static void Block(ref Job job, ref Product product, int first)
    {
        int units = Math.Min(BlockOutputs, product.Outputs - first) / PanelTile.Lanes;
        byte* rows = product.Weight + (long)first * job.Pack.WeightStride;
        for (int i = 0; i < job.ChunkCount; i++)
        {
            ref Chunk chunk = ref job.Chunks[i];
            for (int unit = 0; unit < units; unit++) Pack(ref job, ref chunk, ref product, first + unit * PanelTile.Lanes, unit, isAlone: unit % 2 == 0 && unit == units - 1);
            byte* next = i + 1 < job.ChunkCount ? rows + job.Pack.BytesTo(job.Chunks[i + 1].Start) : rows + (long)BlockOutputs * job.Pack.WeightStride;
            Multiply(ref job, ref chunk, product.Output + first, product.Outputs, units, next);
        }
    }

    private static void Pack(ref Job job, ref Chunk chunk, ref Product product, int output, int unit, bool isAlone)
    {
        int roundInputs = job.Pack.Blocks * PackShape.BlockInputs, rounds = chunk.Inputs / roundInputs;
        long scales = (long)output * job.Pack.ScaleStride / sizeof(float) + job.Pack.ScalesTo(chunk.Start);
        TileArguments arguments = new()
        {
            Weight = product.Weight + (long)output * job.Pack.WeightStride + job.Pack.BytesTo(chunk.Start),
            Scales = product.Scales + scales,
            Corrections = product.Minima + scales,
            SpreadIndex = SpreadIndex,
            Output = (float*)(_panels + (long)(unit / 2) * (chunk.PaddedInputs / 2) * 128 + unit % 2 * 64),
            Count = rounds,
        };
        if (rounds > 0) TileArguments.Call(isAlone ? job.PackRounds.One : job.PackRounds.Two, &arguments);
        int done = rounds * roundInputs;
        if (chunk.Inputs == done) return;
        arguments.Weight += job.Pack.BytesTo(done);
        arguments.Scales += job.Pack.ScalesTo(done);
        arguments.Corrections += job.Pack.ScalesTo(done);
        arguments.Output += (long)done / 2 * (isAlone ? 1 : 2) * PanelTile.Lanes;
        arguments.Count = 1;
        TileArguments.Call(isAlone ? job.PackRest.One : job.PackRest.Two, &arguments);
    }

    private static void Multiply(ref Job job, ref Chunk chunk, float* outputs, int outputCount, int units, byte* next)
    {
        int panels = units / 2;
        TileArguments tiles = new() { Input = job.Input + chunk.Start * sizeof(ushort), OutputStride = (long)outputCount * sizeof(float) };
        for (int strip = 0; strip < job.Strips.Count; strip++)
        {
            bool isLong = strip < job.Strips.LongCount, fetches = strip < job.FetchingStrips;
            StripCode code = (isLong, fetches) switch
            {
                (true, true) => chunk.LongFetching,
                (false, true) => chunk.ShortFetching,
                (true, false) => chunk.Long,
                (false, false) => chunk.Short,
            };
            tiles.Weight = _panels;
            tiles.Output = outputs;
            tiles.Count = panels;
            tiles.Ahead = next + (long)strip * panels * job.RowsAhead * job.Pack.WeightStride;
            if (panels > 0) TileArguments.Call(code.Two, &tiles);
            if (units % 2 > 0)
            {
                tiles.Weight = _panels + (long)panels * (chunk.PaddedInputs / 2) * 128;
                tiles.Output = outputs + panels * 2 * PanelTile.Lanes;
                tiles.Count = 1;
                TileArguments.Call(code.One, &tiles);
            }
            int rows = job.Strips.RowsOf(strip);
            tiles.Input += (long)rows * job.InputStride;
            outputs += (long)rows * outputCount;
        }
    }

    private static int* CreateSpreadIndex()
    {
        int* index = (int*)NativeMemory.AlignedAlloc(64, 64);
        for (int lane = 0; lane < PanelTile.Lanes; lane++) index[lane] = lane / 4;
        return index;
    }
}
