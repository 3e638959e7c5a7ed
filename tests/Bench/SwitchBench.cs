using System.CommandLine;
using System.Diagnostics;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>What a start measures: from how many rows on products by panels pay. How steady that is over several starts, and how much the two ways differ.</summary>
internal static class SwitchBench
{
    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "A checkpoint, e.g. of the server's random-checkpoint.", Required = true };
        Option<string> dtype = new("--dtype") { Description = "Form of the weights, as Model:Dtype.", DefaultValueFactory = _ => "auto" };
        Option<int> starts = new("--starts") { Description = "How often it is measured.", DefaultValueFactory = _ => 10 };
        Command command = new("switch", "From how many rows on products by panels pay, measured as at start, several times.") { model, dtype, starts };
        command.SetAction(parsed => Run(parsed.GetValue(model)!, parsed.GetValue(dtype)!, parsed.GetValue(starts)));
        return command;
    }

    private static void Run(string model, string dtype, int starts)
    {
        using LlamaWeights weights = new(WeightSource.Open(model, WeightFormat.Parse(dtype), HostMemory.Instance));
        Weight[] samples = [.. weights.Layers.Take(4).Select(layer => layer.Mlp.Gate), .. weights.Layers.Take(4).Select(layer => layer.Mlp.Down)];
        MachineLinear machine = new();
        for (int start = 0; start < starts; start++)
        {
            long begun = Stopwatch.GetTimestamp();
            RowSwitch rows = new(isFixed: false);
            rows.Measure(samples, Multiply, TimeProvider.System);
            Console.WriteLine($"{rows.Describe(samples[0])}, {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:N0} ms");
        }
        foreach (int rows in (int[])[8, 12, 16, 24, 32, 48, 64]) Compare(rows);

        void Compare(int rows)
        {
            double[] few = new double[24], many = new double[24]; // ms
            for (int i = -2; i < few.Length; i++)
                foreach (bool isMany in new[] { false, true })
                {
                    long begun = Stopwatch.GetTimestamp();
                    foreach (Weight weight in samples) Multiply(rows, weight, isMany);
                    if (i >= 0) (isMany ? many : few)[i] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
                }
            Array.Sort(few);
            Array.Sort(many);
            Console.WriteLine($"{rows,4} rows: few {few[12]:N2} ms, many {many[12]:N2} ms, many to few {many[12] / few[12]:N2}; least {few[0]:N2}, {many[0]:N2}, {many[0] / few[0]:N2}");
        }

        unsafe void Multiply(int rows, Weight weight, bool isMany)
        {
            using Matrix input = HostMemory.Instance.Empty(rows, weight.Inputs, ScalarType.Float32), output = HostMemory.Instance.Empty(rows, weight.Outputs, ScalarType.Float32);
            new Span<float>(input.Data, rows * weight.Inputs).Fill(1);
            machine.Run(input, [new(weight, output)], add: false, isMany);
        }
    }
}
