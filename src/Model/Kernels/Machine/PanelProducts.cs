using System.Runtime.InteropServices;
using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of many rows with bfloat16 weights. Plan: threads take ranges of outputs; within them a block of 128 outputs and some 1,024 inputs is packed into panels, which the second cache
/// holds; strips of 12 input rows, which the first one holds, are multiplied with panel after panel. Partial sums of the blocks along the inputs meet in the output.
/// Packing costs about a hundredth of the products of 512 rows. (Goto and van de Geijn 2008 is the scheme.)
/// </summary>
internal sealed unsafe class PanelProducts
{
    private const int BlockOutputs = 128, ChunkInputs = 1024;

    private readonly CodeCache<PanelShape> _tiles = new(PanelTile.Generate);
    private readonly CodeCache<(int Stride, int Vectors, int Inputs)> _packers = new(shape => PanelPacker.Generate(shape.Stride, shape.Vectors, shape.Inputs));

    [ThreadStatic]
    private static byte* _panels; // of a block; each thread keeps its own

    private struct Product
    {
        public byte* Weight;
        public float* Output;
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
        public int InputStride, WeightStride;
        public Strips Strips;
        public int FetchingStrips, RowsAhead; // the first so many strips fetch so many rows with each panel, all of a block in the end
        public nint PackTwo, PackOne, PackTwoTail, PackOneTail;
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
            WeightStride = input.Inputs * sizeof(ushort),
            Strips = Strips.Of(input.Rows, PanelTile.MaxRows),
        };
        job.FetchingStrips = Math.Min(job.Strips.Count, 8);
        int calls = job.FetchingStrips * (BlockOutputs / PanelTile.Lanes / PanelTile.MaxVectors), multiple = PanelTile.InputMultiple / 2;
        job.RowsAhead = (BlockOutputs / calls + multiple - 1) / multiple * multiple;
        SetChunks(ref job, input.Inputs, add);
        SetPackers(ref job, input.Inputs % PanelPacker.BlockInputs);
        int blocks = 0;
        for (int i = 0; i < projections.Length; i++)
        {
            Matrix weight = ((DenseWeight)projections[i].Weight).Values;
            int count = (weight.Rows + BlockOutputs - 1) / BlockOutputs;
            products[i] = new Product { Weight = (byte*)weight.Data, Output = projections[i].Output.Floats, Outputs = weight.Rows, FirstBlock = blocks, BlockCount = count };
            blocks += count;
        }
        ParallelFor.Run(blocks, 1, &Blocks, &job);
    }

    private void SetChunks(ref Job job, int inputs, bool add)
    {
        int length = (inputs + job.ChunkCount - 1) / job.ChunkCount;
        length = (length + PanelPacker.BlockInputs - 1) / PanelPacker.BlockInputs * PanelPacker.BlockInputs;
        for (int i = 0; i < job.ChunkCount; i++)
        {
            ref Chunk chunk = ref job.Chunks[i];
            chunk.Start = i * length;
            chunk.Inputs = Math.Min(length, inputs - chunk.Start);
            chunk.PaddedInputs = (chunk.Inputs + PanelPacker.BlockInputs - 1) / PanelPacker.BlockInputs * PanelPacker.BlockInputs;
            PanelShape shape = new(job.Strips.Longest, PanelTile.MaxVectors, chunk.PaddedInputs, job.InputStride, RowsAhead: 0, job.WeightStride, add || i > 0);
            (chunk.Long, chunk.Short) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
            shape = shape with { RowsAhead = job.RowsAhead };
            (chunk.LongFetching, chunk.ShortFetching) = (CodeOf(shape), CodeOf(shape with { Rows = job.Strips.Shortest }));
        }
    }

    private StripCode CodeOf(PanelShape shape) => new() { Two = _tiles[shape], One = _tiles[shape with { Vectors = 1, RowsAhead = 0 }] };

    private void SetPackers(ref Job job, int tail)
    {
        (job.PackTwo, job.PackOne) = (_packers[(job.WeightStride, 2, PanelPacker.BlockInputs)], _packers[(job.WeightStride, 1, PanelPacker.BlockInputs)]);
        if (tail > 0) (job.PackTwoTail, job.PackOneTail) = (_packers[(job.WeightStride, 2, tail)], _packers[(job.WeightStride, 1, tail)]);
    }

    private static void Blocks(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        if (_panels is null) _panels = (byte*)NativeMemory.AlignedAlloc(BlockOutputs * (ChunkInputs + PanelPacker.BlockInputs) * sizeof(ushort), 64);
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
        byte* rows = product.Weight + (long)first * job.WeightStride;
        for (int i = 0; i < job.ChunkCount; i++)
        {
            ref Chunk chunk = ref job.Chunks[i];
            for (int unit = 0; unit < units; unit++) Pack(ref job, ref chunk, rows + (long)unit * PanelTile.Lanes * job.WeightStride, unit, isLast: unit == units - 1);
            byte* next = i + 1 < job.ChunkCount ? rows + job.Chunks[i + 1].Start * sizeof(ushort) : rows + (long)BlockOutputs * job.WeightStride;
            Multiply(ref job, ref chunk, product.Output + first, product.Outputs, units, next);
        }
    }

    private static void Pack(ref Job job, ref Chunk chunk, byte* rows, int unit, bool isLast)
    {
        bool alone = isLast && unit % 2 == 0; // half a panel
        int vectors = alone ? 1 : 2, blocks = chunk.Inputs / PanelPacker.BlockInputs, pairBytes = vectors * 64;
        TileArguments arguments = new()
        {
            Weight = rows + chunk.Start * sizeof(ushort),
            Output = (float*)(_panels + (long)(unit / 2) * (chunk.PaddedInputs / 2) * 128 + unit % 2 * 64),
            Count = blocks,
        };
        if (blocks > 0) TileArguments.Call(alone ? job.PackOne : job.PackTwo, &arguments);
        if (chunk.Inputs == blocks * PanelPacker.BlockInputs) return;
        arguments.Weight += blocks * PanelPacker.BlockInputs * sizeof(ushort);
        arguments.Output += (long)blocks * PanelPacker.BlockInputs / 2 * pairBytes / sizeof(float);
        arguments.Count = 1;
        TileArguments.Call(alone ? job.PackOneTail : job.PackTwoTail, &arguments);
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
            tiles.Ahead = next + (long)strip * panels * job.RowsAhead * job.WeightStride;
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
}
