using System.Text;
using Llama.Model.Cuda;
using Llama.Model.Cuda.Native;
using Llama.Model.Tests.Cuda.Fake;

namespace Llama.Model.Tests.Cuda;

public sealed class NvrtcTests
{
    private static readonly CudaUnit Unit = new("common.cuh", ["HEAD_DIM=128", "ACT=bf16"]);

    [GccFact]
    public void Compile_GivesSourceHeadersAndOptions()
    {
        using FakeLibrary fake = new("nvrtc.c", "libnvrtc.so.12");
        string[] expected =
        [
            $"CUBINcommon.cuh {Encoding.UTF8.GetByteCount(Unit.Text)}",
            .. CudaUnit.Headers.Select(h => $"{h.Name} {Encoding.UTF8.GetByteCount(h.Text)}"),
            "--gpu-architecture=sm_80", "--std=c++17", "-DHEAD_DIM=128", "-DACT=bf16",
        ];
        Assert.Equal(expected, Encoding.UTF8.GetString(Compiler(fake).Compile(Unit, "sm_80")).Split('\n'));
    }

    [GccFact]
    public void Compile_ForADeviceNewerThanTheCompiler_WritesTextThatTheDriverCompiles()
    {
        using FakeLibrary fake = new("nvrtc.c", "libnvrtc.so.12");
        string image = Encoding.UTF8.GetString(Compiler(fake).Compile(Unit, "sm_100"));
        Assert.StartsWith("PTX", image, StringComparison.Ordinal);
        Assert.Contains("\n--gpu-architecture=compute_90\n", image, StringComparison.Ordinal);
        Assert.EndsWith("\0", image, StringComparison.Ordinal); // the driver reads up to it
    }

    // What it compiles for an older device does not wait for the kernel before it, though a newer one runs it.
    [GccTheory]
    [InlineData("sm_80", 90, false)]
    [InlineData("sm_90", 90, true)]
    [InlineData("sm_100", 90, true)]
    [InlineData("sm_90", 87, false)]
    public void CanOverlap_ByWhatItCompilesFor(string architecture, int newest, bool expected)
    {
        using FakeLibrary fake = new("nvrtc.c", "libnvrtc.so.12", $"-DNEWEST={newest}");
        Assert.Equal(expected, Compiler(fake).CanOverlap(architecture));
    }

    [GccFact]
    public void Compile_ForADeviceThatTheCompilerGaveUp_SaysWhatItKnows()
    {
        using FakeLibrary fake = new("nvrtc.c", "libnvrtc.so.12");
        var e = Assert.Throws<CudaException>(() => Compiler(fake).Compile(Unit, "sm_70"));
        Assert.Contains("(sm_70) any more, only for sm_75 and newer", e.Message, StringComparison.Ordinal);
    }

    [GccFact]
    public void Compile_OfAMistake_SaysTheFirstErrorFirst()
    {
        using FakeLibrary fake = new("nvrtc.c", "libnvrtc.so.12");
        var e = Assert.Throws<CudaException>(() => Compiler(fake).Compile(Unit with { Constants = ["MISTAKE"] }, "sm_90"));
        Assert.StartsWith("common.cuh (MISTAKE) does not compile for sm_90 with NVRTC 12.3: a.cu(2): error: first\na.cu(1): warning: odd\n", e.Message, StringComparison.Ordinal);
    }

    [NvrtcTheory]
    [InlineData("transfer.cu")]
    [InlineData("sampling.cu")]
    [InlineData("sampling_edits.cu")]
    [InlineData("sampling_scores.cu")]
    public void Source_ForTheRealCompiler_IsCode(string name)
    {
        foreach (string architecture in new[] { "sm_80", "sm_90" })
            Assert.Equal("\u007fELF"u8, Real.Compile(new CudaUnit(name, []), architecture).AsSpan(0, 4));
    }

    [NvrtcTheory]
    [InlineData("sm_999")]
    public void Source_ForADeviceOfTheFuture_IsPtx(string architecture)
    {
        string image = Encoding.UTF8.GetString(Real.Compile(Unit, architecture));
        Assert.Contains(".target sm_", image, StringComparison.Ordinal);
        Assert.EndsWith("\0", image, StringComparison.Ordinal);
    }

    [NvrtcTheory]
    [InlineData("u8=(", "common.cuh(")]
    public void Mistake_ForTheRealCompiler_IsNamedWithItsPlace(string constant, string place)
    {
        var e = Assert.Throws<CudaException>(() => Real.Compile(Unit with { Constants = [constant] }, "sm_90"));
        Assert.Contains($"{NvrtcTheoryAttribute.Library!.Version}: {place}", e.Message.Split('\n')[0], StringComparison.Ordinal);
    }

    [NvrtcTheory]
    [InlineData(8)]
    public void Compile_BySeveralThreadsAtOnce_GivesEachItsOwn(int count)
    {
        Nvrtc compiler = Real;
        byte[][] images = new byte[count][];
        System.Threading.Tasks.Parallel.For(0, count, i => images[i] = compiler.Compile(new CudaUnit("transfer.cu", [$"transfer=kernel_{i}"]), "sm_90"));
        for (int i = 0; i < count; i++) Assert.Contains($"kernel_{i}\0", Encoding.Latin1.GetString(images[i]), StringComparison.Ordinal);
    }

    private static Nvrtc Real => new(NvrtcTheoryAttribute.Library!);

    private static Nvrtc Compiler(FakeLibrary fake) => new(fake.As(ToolkitLibrary.Nvrtc));
}
