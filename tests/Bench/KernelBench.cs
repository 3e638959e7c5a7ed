using System.CommandLine;
using System.Diagnostics;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Plain;
using Llama.Model.Kernels.Simd;
using Llama.Model.Torch;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>Matrix products in C# beside libtorch's, in the same run.</summary>
internal static class KernelBench
{
    private static readonly (string Name, int Inputs, int Outputs)[] Shapes = [("demo model, MLP", 256, 688), ("1.1B, MLP", 2048, 5632)];
    private static readonly int[] RowCounts = [1, 2, 4, 8, 16, 32, 64, 256];

    public static Command Command()
    {
        Command command = new("kernels", "Matrix products: C# against libtorch, GFLOP/s by number of rows.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        Console.WriteLine($"libtorch in {TorchLibrary.Load()}, {get_num_threads()} threads, {SimdKernels.Create(ScalarType.BFloat16, deterministic: false).Describe()}");
        using IDisposable inference = inference_mode();
        foreach ((string name, int inputs, int outputs) in Shapes)
        {
            Console.WriteLine($"\n{name}: {inputs} → {outputs}\n{"rows",6}{"C# f32",12}{"torch f32",12}{"C# bf16",12}{"torch bf16",12}   GFLOP/s, best of 7");
            foreach (int rows in RowCounts) Line(rows, inputs, outputs);
        }
    }

    private static void Line(int rows, int inputs, int outputs)
    {
        using Matrix x = Matrix.Of(randn(rows, inputs)), y = HostMemory.Instance.Empty(rows, outputs, ScalarType.Float32);
        using DenseWeight single = new(Matrix.Of(randn(outputs, inputs))), half = new(Matrix.Of(single.Values.Tensor.to(ScalarType.BFloat16)));
        IKernels plain = new PlainKernels(), f32 = SimdKernels.Create(ScalarType.Float32, deterministic: true), bf16 = SimdKernels.Create(ScalarType.BFloat16, deterministic: true);
        double work = 2.0 * rows * inputs * outputs / 1e9;
        Console.WriteLine($"{rows,6}{Rate(() => f32.Linear(x, [new(single, y)])),12:N1}{Rate(() => plain.Linear(x, [new(single, y)])),12:N1}{Rate(() => bf16.Linear(x, [new(half, y)])),12:N1}{Rate(() => plain.Linear(x, [new(half, y)])),12:N1}");

        double Rate(Action product)
        {
            int calls = (int)Math.Clamp(0.5 / work, 1, 2000);
            double best = double.MaxValue;
            for (int run = 0; run < 7; run++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < calls; i++) product();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / calls);
            }
            return work / best;
        }
    }
}
