using Llama.Model.Threads;

namespace Llama.Model.Kernels.Machine;

/// <summary>Packs whole weights, on all threads. For one thread to call.</summary>
internal sealed unsafe class WeightPacker
{
    private const long WeightsPerThread = 256 << 10;

    private readonly CodeCache<PackShape> _code = new(PanelPacker.Generate);

    private struct Job
    {
        public UnitPacker Packer;
        public Product Weight;
        public byte* Units;
        public long UnitStride;
        public int Inputs; // as the packer counts them
        public CodeUnit Form; // of codes
        public float* Steps; // of their scales, where the form has them: [outputs, steps, 1 or 2]
    }

    /// <summary>Whether a weight can be packed.</summary>
    public static bool CanPack(Weight weight) => PackedWeight.CanHold(weight) || PackedCodes.CanHold(weight);

    /// <summary>A packed copy of a weight that can be packed.</summary>
    public Weight Pack(Weight weight) => weight is QuantizedWeight codes ? Pack(codes) : Pack((DenseWeight)weight);

    /// <summary>A packed copy of a weight that <see cref="PackedWeight.CanHold"/> can.</summary>
    public PackedWeight Pack(DenseWeight weight)
    {
        PackedWeight packed = new(weight.Outputs, weight.Inputs);
        Job job = JobOf(weight, PackShape.Of(weight), packed.Units, packed.UnitStride);
        Run(ref job, weight, &Units);
        return packed;
    }

    /// <summary>A packed copy of a weight that <see cref="PackedCodes.CanHold(Weight)"/> can.</summary>
    public PackedCodes Pack(QuantizedWeight weight)
    {
        (CodeUnit form, Matrix? steps) = new CodeSurvey(weight).Find();
        using (steps)
        {
            PackedCodes packed = new(weight.Outputs, form);
            int words = weight.Codes.Columns / sizeof(ushort); // four codes of 8 bits or eight of 4 go where a pair in bfloat16 would
            Job job = JobOf(weight, new PackShape(16, words, words, HasMinima: false, Blocks: 1, PackShape.BlockInputs), packed.Units, form.UnitBytes);
            job.Form = form;
            job.Steps = steps is null ? null : steps.Floats;
            Run(ref job, weight, &CodeUnits);
            return packed;
        }
    }

    private Job JobOf(Weight weight, PackShape shape, byte* units, long unitStride) =>
        new() { Packer = UnitPacker.Of(shape, _code), Weight = Product.Of(weight), Units = units, UnitStride = unitStride, Inputs = shape.Inputs };

    private static void Run(ref Job job, Weight weight, delegate*<long, long, void*, void> units)
    {
        fixed (Job* pinned = &job) ParallelFor.Run(weight.Outputs / UnitPacker.Outputs, Math.Max(1, WeightsPerThread / (UnitPacker.Outputs * weight.Inputs)), units, pinned);
    }

    private static void Units(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        for (long unit = begin; unit < end; unit++) job.Packer.Pack(job.Weight, (int)unit * UnitPacker.Outputs, start: 0, job.Inputs, job.Units + unit * job.UnitStride);
    }

    private static void CodeUnits(long begin, long end, void* state)
    {
        ref Job job = ref *(Job*)state;
        int blocks = job.Form.Inputs / job.Form.BlockInputs, words = job.Inputs / blocks;
        byte* rows = stackalloc byte[job.Form.IsAsRows ? 0 : words * UnitPacker.BytesPerInput];
        for (long unit = begin; unit < end; unit++)
        {
            byte* target = job.Units + unit * job.UnitStride;
            for (int block = 0; block < blocks; block++)
            {
                byte* at = target + block * job.Form.BlockBytes;
                job.Packer.Pack(job.Weight, (int)unit * UnitPacker.Outputs, block * words, words, job.Form.IsAsRows ? at : rows);
                if (!job.Form.IsAsRows) CodeLines.Write(job.Form, rows, at);
            }
            for (int group = 0; group < job.Form.GroupCount; group++) Scales(ref job, (int)unit * UnitPacker.Outputs, group, target);
        }
    }

    private static void Scales(ref Job job, int output, int group, byte* unit)
    {
        CodeUnit form = job.Form;
        int parts = form.HasMinima ? 2 : 1, stepCount = form.Inputs / CodeUnit.StepInputs;
        for (int lane = 0; lane < UnitPacker.Outputs; lane++)
            for (int part = 0; part < parts; part++)
            {
                float value = (part == 0 ? job.Weight.Scales : job.Weight.Corrections)[(long)(output + lane) * form.GroupCount + group];
                byte* target = unit + form.ScalesAt(group) + part * form.ScaleBytes;
                switch (form.Scales)
                {
                    case ScaleForm.Single: ((float*)target)[lane] = value; break;
                    case ScaleForm.Half: ((Half*)target)[lane] = (Half)value; break;
                    default:
                        float step = job.Steps[((long)(output + lane) * stepCount + group * form.GroupSize / CodeUnit.StepInputs) * parts + part];
                        ((float*)(unit + form.StepsAt(group) + part * CodeUnit.LineBytes))[lane] = step;
                        ((sbyte*)target)[lane] = step == 0 ? (sbyte)0 : (sbyte)MathF.Round(value / step);
                        break;
                }
            }
    }
}
