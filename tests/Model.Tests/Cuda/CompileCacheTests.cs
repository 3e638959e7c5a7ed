using System.Text;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda;

public sealed class CompileCacheTests : IDisposable
{
    private static readonly CudaUnit Unit = new("common.cuh", ["HEAD_DIM=128"]);
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-kernels-").FullName;
    private readonly List<string> _warnings = [];
    private readonly CountingCompiler _compiler = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Compile_Again_IsReadFromTheFile()
    {
        byte[] first = Cache().Compile(Unit, "sm_90"), second = Cache().Compile(Unit, "sm_90");
        Assert.Equal(first, second);
        Assert.Equal(1, _compiler.Count);
        Assert.Single(Directory.GetFiles(_folder)); // no draft stays behind
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Compile_OfAnythingElse_IsCompiled()
    {
        Cache().Compile(Unit, "sm_90");
        Cache().Compile(Unit, "sm_80");
        Cache("NVRTC 12.9").Compile(Unit, "sm_90");
        Cache().Compile(Unit with { Constants = ["HEAD_DIM=64"] }, "sm_90");
        Cache().Compile(Unit with { Constants = ["HEAD_DIM=", "128"] }, "sm_90"); // not the same as one constant
        Assert.Equal(5, _compiler.Count);
        Assert.Equal(5, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void Compile_WithAFileDamagedAnywhere_CompilesAnew()
    {
        byte[] image = Cache().Compile(Unit, "sm_90");
        string file = Directory.GetFiles(_folder).Single();
        byte[] whole = File.ReadAllBytes(file);
        for (int i = 0; i < whole.Length; i += 7)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 1;
            foreach (byte[] damaged in new[] { changed, whole[..i] })
            {
                File.WriteAllBytes(file, damaged);
                int before = _compiler.Count;
                Assert.Equal(image, Cache().Compile(Unit, "sm_90"));
                Assert.Equal(before + 1, _compiler.Count);
                Assert.Equal(whole, File.ReadAllBytes(file));
            }
        }
    }

    [Fact]
    public void Compile_WhereNothingCanBeWritten_GoesOnWithOneWarning()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, ""); // a folder cannot be made below it, by root neither
        CompileCache cache = new(_compiler, "NVRTC 12.8", Path.Combine(file, "kernels"), _warnings.Add);
        cache.Compile(Unit, "sm_90");
        cache.Compile(Unit, "sm_90");
        Assert.Equal(2, _compiler.Count);
        Assert.Contains("XDG_CACHE_HOME", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_ByManyAtOnce_GivesAllTheSame()
    {
        byte[][] images = new byte[16][];
        System.Threading.Tasks.Parallel.For(0, images.Length, i => images[i] = Cache().Compile(Unit, "sm_90"));
        Assert.All(images, image => Assert.Equal(images[0], image));
        Assert.Single(Directory.GetFiles(_folder));
        int before = _compiler.Count;
        Assert.Equal(images[0], Cache().Compile(Unit, "sm_90"));
        Assert.Equal(before, _compiler.Count);
    }

    private CompileCache Cache(string identity = "NVRTC 12.8") => new(_compiler, identity, _folder, _warnings.Add);

    private sealed class CountingCompiler : ICudaCompiler
    {
        private int _count;

        public int Count => _count;

        public byte[] Compile(CudaUnit unit, string architecture)
        {
            Interlocked.Increment(ref _count);
            return Encoding.UTF8.GetBytes($"image of {unit.Name} {string.Join(' ', unit.Constants)} for {architecture}");
        }
    }
}
