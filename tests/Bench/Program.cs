using System.Diagnostics;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Simd;
using Llama.Model.Torch;

using static TorchSharp.torch;

Console.WriteLine(TorchLibrary.Load());
using var _ = inference_mode();
foreach ((int k, int n) in new[] { (256, 688), (2048, 5632) })
foreach (int m in new[] { 1, 2, 4, 8, 16, 64, 256, 512 })
{
    Matrix x = Matrix.Of(randn(m, k)), w = Matrix.Of(randn(n, k)), y = Matrix.Empty(m, n, ScalarType.Float32, CPU), wb = Matrix.Of(w.Tensor.to(ScalarType.BFloat16));
    Tensor wt = w.Tensor.t();
    Tensor reference = mm(x.Tensor, wt);
    SimdLinear<Lanes512, float>.Run(x, w, y, false);
    double error = (y.Tensor - reference).abs().max().item<float>();
    double gf = 2.0 * m * n * k / 1e9;
    double Time(Action a) { for (int i = 0; i < 3; i++) a(); var best = double.MaxValue; for (int r = 0; r < 5; r++) { int c = (int)Math.Max(1, 0.02 / (gf / 50)); var s = Stopwatch.StartNew(); for (int i = 0; i < c; i++) a(); best = Math.Min(best, s.Elapsed.TotalSeconds / c); } return gf / best; }
    Console.WriteLine($"k {k} n {n} m {m}: err {error:E1} GFLOP/s simd f32 {Time(() => SimdLinear<Lanes512, float>.Run(x, w, y, false)):F1} bf16 {Time(() => SimdLinear<Lanes512, Bf16>.Run(x, wb, y, false)):F1} bf16/256 {Time(() => SimdLinear<Lanes256, Bf16>.Run(x, wb, y, false)):F1} torch f32 {Time(() => mm(x.Tensor, wt).Dispose()):F1}");
}
