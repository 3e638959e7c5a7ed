using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>
/// Products of many rows with packed codes, on tile registers. Plan: threads take blocks of 128 outputs; strips of 16 rows meet a stretch of a block's inputs, which the second cache holds, one after the other, while the last one fetches the
/// stretch that comes next. Codes of fewer than 8 bits are widened to bytes before, once for all strips. Results are bit for bit those of <see cref="PackedCodeProducts"/>.
/// </summary>
internal sealed unsafe class AmxCodeProducts
{
    private const int BlockUnits = 8;

    private readonly CodeCache<CodePanelShape> _tiles = new(AmxCodeTile.Generate);
    private readonly PerThread<ScratchMemory> _workspaces = new(() => new ScratchMemory());

    /// <summary>A stretch of the inputs.</summary>
    private struct Part
    {
        public int Start, Inputs, WeightOffset, SumOffset; // of its first input: in a row, in a unit, among a row's sums
        public TileCode Full, Rest, FullFetching, RestFetching; // for strips of 16 rows and for what is left, and for those of them that fetch the next stretch meanwhile

        public readonly TileCode CodeOf(bool isFull, bool fetches) => (isFull, fetches) switch
        {
            (true, true) => FullFetching,
            (true, false) => Full,
            (false, true) => RestFetching,
            (false, false) => Rest,
        };
    }

    private struct Job
    {
        public Product* Products;
        public Part* Parts;
        public byte** Workspaces;
        public int ProductCount, PartCount, Vectors;
        public CodeUnit Form;
        public RowInput Input;
        public Strips Strips;
    }

    /// <summary>Whether so many rows are faster so: measured (tests/Bench/NOTES.md, "Tile registers").</summary>
    public static bool Pays(int rows, CodeUnit form) => rows >= (form.Bits == 8 ? 8 : 12);

    /// <summary>output = input · weightᵀ for each projection, or output += when <paramref name="add"/>.</summary>
    /// <param name="input">Packed for these weights, in the natural order.</param>
    /// <param name="projections">With packed codes of one form.</param>
    /// <param name="add">Whether to add.</param>
    public void Run(RowInput input, ReadOnlySpan<Projection> projections, bool add)
    {
        CodeUnit form = ((PackedCodes)projections[0].Weight).Form;
        int parts = (input.Inputs + form.StretchInputs - 1) / form.StretchInputs;
        Part* stretches = stackalloc Part[parts];
        Product* products = stackalloc Product[projections.Length];
        byte** workspaces = stackalloc byte*[_workspaces.Count];
        Job job = new() { Products = products, ProductCount = projections.Length, Parts = stretches, PartCount = parts, Workspaces = workspaces, Form = form, Input = input };
        job.Strips = Strips.Full(input.Rows, AmxCodeTile.MaxRows);
        job.Vectors = AmxCodeTile.MaxVectors(form);
        for (int i = 0; i < parts; i++) stretches[i] = PartOf(job, i * form.StretchInputs, add || i > 0);
        for (int slot = 0; slot < _workspaces.Count; slot++)
            workspaces[slot] = (byte*)_workspaces[slot].Get(AmxCodeTile.WorkspaceBytes + (form.Bits < 8 ? BlockUnits * form.StretchInputs * UnitPacker.Outputs : 0));
        ParallelFor.Run(Product.Tabulate(projections, BlockUnits * UnitPacker.Outputs, products), 1, &Blocks, &job);
    }

    private Part PartOf(in Job job, int start, bool add)
    {
        Part part = new()
        {
            Start = start,
            Inputs = Math.Min(job.Form.StretchInputs, job.Input.Inputs - start),
            WeightOffset = start / job.Form.BlockInputs * job.Form.BlockBytes,
            SumOffset = start / job.Form.SumInputs,
        };
        CodePanelShape shape = new(job.Strips.Longest, job.Vectors, job.Form, part.Inputs, job.Input.Stride, job.Input.SumStride, Ahead: 0, add), fetching = shape with { Ahead = 1 };
        (part.Full, part.Rest) = (TileCode.Of(_tiles, shape), TileCode.Of(_tiles, shape with { Rows = job.Strips.Shortest }));
        (part.FullFetching, part.RestFetching) = (TileCode.Of(_tiles, fetching), TileCode.Of(_tiles, fetching with { Rows = job.Strips.Shortest }));
        return part;
    }

    private static void Blocks(long begin, long end, void* state)
    {
        TileRegisters.Prepare();
        ref Job job = ref *(Job*)state;
        for (int i = 0; i < job.ProductCount; i++)
        {
            ref Product product = ref job.Products[i];
            (int unit, int endUnit) = product.UnitsWithin(begin, end, BlockUnits);
            for (; unit < endUnit; unit += BlockUnits)
                for (int part = 0; part < job.PartCount; part++) Multiply(ref job, part, product, unit, Math.Min(BlockUnits, endUnit - unit));
        }
    }

    private static void Multiply(ref Job job, int number, in Product product, int unit, int units)
    {
        ref Part part = ref job.Parts[number];
        byte* block = product.Weight + (long)unit * job.Form.UnitBytes, workspace = job.Workspaces[ParallelFor.Slot], panel = workspace + AmxCodeTile.WorkspaceBytes;
        if (job.Form.Bits < 8)
            for (int i = 0; i < units; i++) Widen(job.Form, block + (long)i * job.Form.UnitBytes + part.WeightOffset, part.Inputs, panel + i * PanelBytes(part));
        byte* next = number + 1 < job.PartCount ? block + job.Parts[number + 1].WeightOffset : block + (long)units * job.Form.UnitBytes;
        int whole = units / job.Vectors * job.Vectors;
        for (int strip = 0, row = 0; strip < job.Strips.Count; row += job.Strips.RowsOf(strip++))
        {
            TileCode code = part.CodeOf(isFull: strip < job.Strips.LongCount, fetches: strip == job.Strips.Count - 1);
            TileArguments arguments = new()
            {
                Input = job.Input.Data + (long)row * job.Input.Stride + part.Start * sizeof(ushort),
                Weight = block + part.WeightOffset,
                Scales = (float*)(block + job.Form.BlocksBytes),
                Output = product.Output + (long)row * product.Outputs + unit * UnitPacker.Outputs,
                OutputStride = (long)product.Outputs * sizeof(float),
                Ahead = next,
                GroupSums = job.Input.GroupSums + (long)row * job.Input.SumStride / sizeof(float) + part.SumOffset,
                InputScales = job.Input.Scales + row,
                Workspace = workspace,
                Panel = panel,
                Count = whole / job.Vectors,
            };
            if (whole > 0) TileArguments.Call(code.Tile, &arguments);
            if (whole == units) continue;
            arguments.Weight += (long)whole * job.Form.UnitBytes;
            arguments.Scales = (float*)((byte*)arguments.Scales + (long)whole * job.Form.UnitBytes);
            arguments.Output += whole * UnitPacker.Outputs;
            arguments.Ahead += (long)whole * job.Form.UnitBytes;
            arguments.Panel += whole * PanelBytes(part);
            arguments.Count = 1;
            TileArguments.Call(code.Single, &arguments);
        }
    }

    // Shorter codes to bytes; high nibbles stay where they are if the form multiplies them there.
    private static void Widen(CodeUnit form, byte* block, int inputs, byte* target)
    {
        const int chunk = QuantizedWeight.Chunk;
        for (int done = 0; done < inputs; done += form.BlockInputs, block += form.BlockBytes)
            for (int at = 0; at < form.BlockInputs; at += chunk, target += chunk * UnitPacker.Outputs)
                CodeLines.Read(form, block, at / chunk, target, form.MagnitudeOf(at / form.GroupSize));
    }

    private static int PanelBytes(in Part part) => part.Inputs * UnitPacker.Outputs;
}
