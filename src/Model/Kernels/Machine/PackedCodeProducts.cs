using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of any number of rows with packed codes. Plan: threads take ranges of units. Rows that fit a tile meet them from end to end, a unit at a time, so that a thread reads its memory in one stream, and lines are fetched ahead. Of more rows, strips as even
/// as can be meet stretches of inputs by 128 outputs, held by the second cache, one after the other. Either way each output is the same chain of sums: a row's result does not depend on the other rows of the step.
/// </summary>
internal sealed unsafe class PackedCodeProducts
{
    private const int BlockUnits = 8, StripVectors = 2, AheadAlone = 16 << 10, AheadAbreast = 4 << 10; // measured (tests/Bench/NOTES.md, "Packed weights")

    private readonly CodeCache<CodePanelShape> _tiles = new(CodePanelTile.Generate);

    /// <summary>What is done with a strip before the next: all inputs, or a stretch.</summary>
    private struct Part
    {
        public int Start, WeightOffset, SumOffset; // of its first input: in a row, in a unit, among a row's sums
        public TileCode First, Long, Short; // the first strip, as long as any, fetches ahead; those behind it are of either length
    }

    private struct Job
    {
        public Product* Products;
        public Part* Parts;
        public int ProductCount, PartCount, Vectors, PieceUnits;
        public CodeUnit Form;
        public RowInput Input;
        public Strips Strips;
    }

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">Packed for these weights.</param>
    /// <param name="projections">With packed codes of one form.</param>
    /// <param name="add">Whether to add.</param>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        CodeUnit form = ((PackedCodes)projections[0].Weight).Form;
        int most = CodePanelTile.MostSums(form);
        Strips strips = Strips.Of(input.Rows, input.Rows <= most ? most : most / StripVectors);
        int parts = strips.Count == 1 ? 1 : (input.Inputs + form.StretchInputs - 1) / form.StretchInputs;
        Part* stretches = stackalloc Part[parts];
        Product* products = stackalloc Product[projections.Length];
        Job job = new() { Products = products, ProductCount = projections.Length, Parts = stretches, PartCount = parts, Form = form, Input = input, Strips = strips };
        (job.Vectors, job.PieceUnits) = strips.Count == 1 ? (1, 1) : (StripVectors, BlockUnits);
        for (int i = 0; i < parts; i++) stretches[i] = PartOf(job, i * form.StretchInputs, parts == 1 ? input.Inputs : Math.Min(form.StretchInputs, input.Inputs - i * form.StretchInputs), add || i > 0);
        int pieces = Product.Tabulate(projections, job.PieceUnits * UnitPacker.Outputs, products);
        ParallelFor.Run(pieces, Product.PiecesPerThread(job.PieceUnits * UnitPacker.Outputs, input), &Pieces, &job);
    }

    private Part PartOf(in Job job, int start, int inputs, bool add)
    {
        CodePanelShape shape = new(job.Strips.Longest, job.Vectors, job.Form, inputs, job.Input.Stride, job.Input.SumStride, Ahead: 0, add);
        return new Part
        {
            Start = start,
            WeightOffset = start / job.Form.BlockInputs * job.Form.BlockBytes,
            SumOffset = start / job.Form.SumInputs,
            First = TileCode.Of(_tiles, shape with { Ahead = job.Vectors == 1 ? AheadAlone : AheadAbreast }),
            Long = job.Strips.Count > 1 ? TileCode.Of(_tiles, shape) : default,
            Short = job.Strips.Count > 1 ? TileCode.Of(_tiles, shape with { Rows = job.Strips.Shortest }) : default,
        };
    }

    private static void Pieces(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            (int unit, int endUnit) = product.UnitsWithin(begin, end, job.PieceUnits);
            int most = job.Strips.Count == 1 ? endUnit - unit : BlockUnits;
            for (; unit < endUnit; unit += most)
                for (int part = 0; part < job.PartCount; part++) Multiply(ref job, ref job.Parts[part], product, unit, Math.Min(most, endUnit - unit));
        }
    }

    private static void Multiply(ref Job job, ref Part part, in Product product, int unit, int units)
    {
        int tileCount = units / job.Vectors, rest = units % job.Vectors;
        byte* weight = product.Weight + (long)unit * job.Form.UnitBytes;
        float* outputs = product.Output + unit * UnitPacker.Outputs;
        for (int strip = 0, row = 0; strip < job.Strips.Count; row += job.Strips.RowsOf(strip++))
        {
            TileCode code = strip == 0 ? part.First : strip < job.Strips.LongCount ? part.Long : part.Short;
            Call(ref job, ref part, product, code.Tile, weight, outputs, row, tileCount);
            long done = (long)tileCount * job.Vectors;
            Call(ref job, ref part, product, code.Single, weight + done * job.Form.UnitBytes, outputs + done * UnitPacker.Outputs, row, rest);
        }
    }

    private static void Call(ref Job job, ref Part part, in Product product, nint code, byte* weight, float* outputs, int row, int count)
    {
        if (count == 0) return;
        TileArguments arguments = new()
        {
            Input = job.Input.Data + (long)row * job.Input.Stride + part.Start * sizeof(ushort),
            Weight = weight + part.WeightOffset,
            Scales = (float*)(weight + job.Form.BlocksBytes),
            Output = outputs + (long)row * product.Outputs,
            OutputStride = (long)product.Outputs * sizeof(float),
            Count = count,
            GroupSums = job.Input.GroupSums + (long)row * job.Input.SumStride / sizeof(float) + part.SumOffset,
            InputScales = job.Input.Scales + row,
        };
        TileArguments.Call(code, &arguments);
    }
}
