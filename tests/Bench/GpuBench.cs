using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;
using Llama.Model.Kernels;
using static TorchSharp.torch;

namespace Llama.Bench;

/// <summary>Where a step's time goes on a CUDA device: each kind of kernel alone in all layers, so that weights come from memory as in a step. Alone, products take their input as it is, where a step of few rows makes norms and gates part of them. Decode steps as graphs, with and without overlapping.</summary>
internal static class GpuBench
{
    private const int BlockSize = StepBench.BlockSize, Launches = 5;

    public static Command Command()
    {
        Option<string> model = new("--model") { Description = "A checkpoint, e.g. of random-checkpoint.", Required = true };
        Option<string> dtype = new("--dtype") { Description = "Form of the weights, as Model:Dtype.", DefaultValueFactory = _ => "auto" };
        Option<string> kv = new("--kv") { Description = "Form of the cache, as Model:KvDtype.", DefaultValueFactory = _ => "auto" };
        Option<int> tokens = new("--tokens") { Description = "Tokens of each sequence.", DefaultValueFactory = _ => 1 };
        Option<int> context = new("--context") { Description = "Context of each sequence, those tokens counted.", DefaultValueFactory = _ => 256 };
        Option<int[]> sequences = new("--sequences") { Description = "Sequences.", DefaultValueFactory = _ => [1, 8, 64, 256], AllowMultipleArgumentsPerToken = true };
        Option<int> rounds = new("--rounds") { Description = "Rounds; the medians are shown.", DefaultValueFactory = _ => 5 };
        Option<bool> profile = new("--profile") { Description = "One step without a graph for each number of sequences, between cuProfilerStart and cuProfilerStop, and nothing else." };
        Command command = new("gpu", "A step on a CUDA device: microseconds by kernel.") { model, dtype, kv, tokens, context, sequences, rounds, profile };
        command.SetAction(parsed =>
        {
            using GpuRig rig = new(parsed.GetValue(model)!, parsed.GetValue(dtype)!, parsed.GetValue(kv)!, parsed.GetValue(tokens), parsed.GetValue(context), parsed.GetValue(sequences)!.Max());
            Console.WriteLine(rig.Describe());
            if (!parsed.GetValue(profile)) Console.WriteLine($"copies {rig.CopyRate() / 1e12:N2} TB/s, read and written");
            foreach (int count in parsed.GetValue(sequences)!)
            {
                if (parsed.GetValue(profile)) rig.Profile(count);
                else Show(rig, count, parsed.GetValue(rounds));
            }
        });
        return command;
    }

    private static void Show(GpuRig rig, int sequences, int rounds)
    {
        Console.WriteLine($"\n{sequences} × {rig.Tokens} tokens, context {rig.Context}\n{"",-24}{"µs",10}{"GB/s",10}{(rig.IsDecode ? $"{"overlap",12}{"GB/s",10}" : "")}");
        List<(string Name, Func<string, bool> IsWanted)> parts = [.. PartialKernels.Names.Select(name => (name, (Func<string, bool>)(other => other == name))), ("all", _ => true), ("all but attention", name => name != "attention"), ("products", name => rig.WeightBytes(name) > 0)];
        foreach ((string name, Func<string, bool> isWanted) in parts)
        {
            double bytes = PartialKernels.Names.Where(isWanted).Sum(rig.WeightBytes) + (isWanted("attention") ? rig.CacheBytes(sequences) : 0);
            double plain = rig.Time(sequences, isWanted, overlaps: false, rounds), overlapping = rig.IsDecode ? rig.Time(sequences, isWanted, overlaps: true, rounds) : 0;
            Console.WriteLine($"{name,-24}{Column(plain)}{(rig.IsDecode ? $"  {Column(overlapping)}" : "")}");

            string Column(double us) => $"{us,10:N1}{bytes / us / 1e3,10:N0}";
        }
    }

    /// <summary>A model with room for the steps that are measured.</summary>
    private sealed unsafe class GpuRig : IDisposable
    {
        private readonly CudaBackend _backend;
        private readonly LlamaWeights _weights;
        private readonly PartialKernels _kernels;
        private readonly LlamaModel _model;
        private readonly LlamaConfig _config;
        private readonly ScalarType _kv;
        private readonly StepSize _size;
        private readonly nint _start, _end;

        public GpuRig(string path, string dtype, string kv, int tokens, int context, int sequences)
        {
            (Tokens, Context) = (tokens, context);
            WeightFormat format = WeightFormat.Parse(dtype);
            long begun = Stopwatch.GetTimestamp();
            _backend = CudaBackend.Open(0, ScalarType.BFloat16, deterministic: false, Console.Error.WriteLine);
            _kv = KvCache.DtypeOf(kv, ScalarType.BFloat16);
            using (IWeightSource peek = WeightSource.OpenOnHost(path, format, holdsCodes: true)) _config = peek.Config;
            _size = new StepSize(tokens * sequences, sequences, context, BlockSize);
            IKernels kernels = _backend.CreateKernels(_config, _size, _kv);
            _kernels = new PartialKernels(kernels, _config);
            _weights = new LlamaWeights(WeightSource.Open(path, format, _backend.Memory));
            kernels.Calibrate(_weights);
            _model = new LlamaModel(_weights, _kernels, _backend.Memory, _size, _backend.ActivationDtype);
            _model.UseCache(new KvCache(_config, sequences * _size.BlocksPerSequence, BlockSize, _kv, _backend.Memory));
            _backend.FinishLoading();
            (_start, _end) = (Driver.CreateEvent(), Driver.CreateEvent());
            Console.WriteLine($"loaded in {Stopwatch.GetElapsedTime(begun).TotalSeconds:N1} s");
        }

        public int Tokens { get; }

        public int Context { get; }

        public bool IsDecode => Tokens == 1;

        private ICudaDriver Driver => _backend.Stream.Driver;

        public string Describe() => $"{Driver.Device.Name}, {_kernels.Describe(_weights)}";

        public double CopyRate()
        {
            const long bytes = 2L << 30;
            nint a = Driver.Allocate(bytes), b = Driver.Allocate(bytes);
            double us = Time(() => Driver.CopyAsync(b, a, bytes, _backend.Stream.Handle), 5);
            Driver.Free(a);
            Driver.Free(b);
            return 2 * bytes / us * 1e6;
        }

        public double WeightBytes(string kernel) => kernel switch
        {
            "head" => _weights.Head!.ByteCount,
            "queries, keys, values" => _weights.Layers.Sum(layer => layer.Attention.Query.ByteCount + layer.Attention.Key.ByteCount + layer.Attention.Value.ByteCount),
            "output" => _weights.Layers.Sum(layer => layer.Attention.Output.ByteCount),
            "gate and up" => _weights.Layers.Sum(layer => layer.Mlp.Gate.ByteCount + layer.Mlp.Up.ByteCount),
            "down" => _weights.Layers.Sum(layer => layer.Mlp.Down.ByteCount),
            _ => 0,
        };

        public double CacheBytes(int sequences) => (double)sequences * Context / BlockSize * KvCache.BytesPerBlock(_config, BlockSize, _kv);

        /// <summary>Microseconds of a step with these kernels alone.</summary>
        public double Time(int sequences, Func<string, bool> isWanted, bool overlaps, int rounds)
        {
            ForwardBatch batch = Batch(sequences);
            _backend.Bring(batch);
            _kernels.IsWanted = isWanted;
            _model.Forward(batch);
            _backend.Synchronize();
            if (!IsDecode) return Time(() => _model.Forward(batch), rounds);
            Driver.BeginCapture(_backend.Stream.Handle, overlaps);
            _model.Forward(batch);
            nint graph = Driver.EndCapture(_backend.Stream.Handle);
            double us = Time(() => Driver.LaunchGraph(graph, _backend.Stream.Handle), rounds);
            Driver.DestroyGraph(graph);
            return us;
        }

        public void Profile(int sequences)
        {
            nint driver = NativeLibrary.Load(DriverApi.Files[0]);
            _backend.Bring(Batch(sequences));
            _model.Forward(Batch(sequences));
            _backend.Synchronize();
            _ = ((delegate* unmanaged<int>)NativeLibrary.GetExport(driver, "cuProfilerStart"))();
            _model.Forward(Batch(sequences));
            _backend.Synchronize();
            _ = ((delegate* unmanaged<int>)NativeLibrary.GetExport(driver, "cuProfilerStop"))();
        }

        public void Dispose()
        {
            _backend.Synchronize();
            Driver.DestroyEvent(_start);
            Driver.DestroyEvent(_end);
            _model.Dispose();
            _backend.Dispose();
        }

        private double Time(Action enqueue, int rounds)
        {
            double[] times = new double[rounds];
            enqueue(); // the first time it is still brought to the device
            for (int round = 0; round < rounds; round++)
            {
                Driver.Record(_start, _backend.Stream.Handle);
                for (int i = 0; i < Launches; i++) enqueue();
                Driver.Record(_end, _backend.Stream.Handle);
                Driver.WaitFor(_end);
                times[round] = Driver.MillisecondsBetween(_start, _end) * 1e3 / Launches;
            }
            return times.Order().ElementAt(rounds / 2);
        }

        private ForwardBatch Batch(int sequences) => StepBench.Batch(Tokens, Context, sequences);
    }
}
