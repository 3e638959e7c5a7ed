using System.Runtime.InteropServices;
using Llama.Model.Torch;

namespace Llama.Model.Tests.Torch;

/// <summary>What the preflight says of a libtorch against what the system's loader does with it.</summary>
[HoldsTensors]
public sealed class TorchPreflightTests : IDisposable
{
    // Two functions, a table of virtual functions, and one symbol of the C library, which has a version and is not torch's.
    private const string Asking = """
        extern void _ZN2at6Tensor3addEv(void); extern void plain_call(void); extern void* _ZTVN3c105ErrorE[]; extern int getpid(void);
        void** table(void) { return _ZTVN3c105ErrorE; }
        int call(void) { _ZN2at6Tensor3addEv(); plain_call(); return getpid(); }
        """;

    private readonly string _lib = Directory.CreateDirectory(Path.Combine(Directory.CreateTempSubdirectory("llama-preflight-tests").FullName, "lib")).FullName;

    private string Shim => Path.Combine(_lib, "libasking.so");

    [GccFact]
    public void Check_AllDefined_HasNoRemark()
    {
        Build(Asking, Shim);
        Offer("c10", "void* _ZTVN3c105ErrorE[3];");
        Offer("torch_cpu", "void _ZN2at6Tensor3addEv(void) {} void plain_call(void) {}");

        TorchPreflight result = TorchPreflight.Check(Shim, _lib);

        Assert.True(result.Loads);
        Assert.Null(result.Remark);
    }

    [GccFact]
    public void Check_FunctionsMissing_WarnsBecauseTheyAreSoughtWhenCalled()
    {
        Build(Asking, Shim);
        Offer("torch_cpu", "void* _ZTVN3c105ErrorE[3];");

        TorchPreflight result = TorchPreflight.Check(Shim, _lib);

        Assert.Equal(["at::Tensor::add", "plain_call"], result.MissingCalls);
        Assert.Empty(result.MissingAtLoad);
        Assert.Contains("lacks 2 functions that TorchSharp, built for torch 2.10, may call (at::Tensor::add, plain_call)", result.Remark);
    }

    [GccFact]
    public void Loader_OfTheSystem_DoesWithoutFunctionsButNotWithoutData()
    {
        Assert.True(Loads("data", "void* _ZTVN3c105ErrorE[3];"));
        Assert.False(Loads("functions", "void _ZN2at6Tensor3addEv(void) {} void plain_call(void) {}"));

        bool Loads(string name, string source) // under names that no true torch library has, for these stay in the process
        {
            string offering = Path.Combine(_lib, $"lib{name}.so"), asking = Path.Combine(_lib, $"libfor{name}.so");
            Build(source, offering);
            Build(Asking, asking, "-Wl,--no-as-needed", offering);
            return NativeLibrary.TryLoad(asking, out _);
        }
    }

    [GccFact]
    public void Check_DataMissing_RefusesWithTheVersionsOfBoth()
    {
        Build(Asking, Shim);
        Offer("torch_cpu", "void _ZN2at6Tensor3addEv(void) {} void plain_call(void) {}");
        File.WriteAllText(Path.Combine(_lib, "..", "version.py"), "from typing import Optional\n__all__ = ['__version__']\n__version__ = '2.11.0+cu130'\ncuda: Optional[str] = '13.0'\n");

        TorchPreflight result = TorchPreflight.Check(Shim, _lib);

        Assert.False(result.Loads);
        Assert.Equal(["vtable of c10::Error"], result.MissingAtLoad);
        Assert.StartsWith($"torch 2.11.0+cu130 in {_lib} does not fit TorchSharp, which was built for torch 2.10: it lacks 1 symbols", result.Remark);
    }

    [GccFact]
    public void Check_LibraryThatBindsAtOnce_NeedsItsFunctionsToLoad()
    {
        Build(Asking, Shim, "-Wl,-z,now");
        Offer("torch_cpu", "void* _ZTVN3c105ErrorE[3];");
        Assert.Equal(["at::Tensor::add", "plain_call"], TorchPreflight.Check(Shim, _lib).MissingAtLoad);
    }

    [Fact]
    public void Check_ThePackagedLibtorch_LacksNothing()
    {
        string shim = TorchFolder.FindShim();
        TorchPreflight result = TorchPreflight.Check(shim, TorchLibrary.Load());
        Assert.Null(result.Remark);
        using ElfLibrary library = ElfLibrary.Open(shim);
        Assert.InRange(library.Needed().Count(symbol => !symbol.Value), 500, 5000); // it does look
        Assert.Contains("_ZTVN3c105ErrorE", library.Needed().Where(symbol => symbol.Value).Select(symbol => symbol.Key));
    }

    [Theory]
    [InlineData("_ZN2at6Tensor3addEv", "at::Tensor::add")]
    [InlineData("_ZNK3c1010TensorImpl5sizesEv", "c10::TensorImpl::sizes")]
    [InlineData("_ZTIN5torch5ErrorE", "typeinfo of torch::Error")]
    [InlineData("_Z3addii", "add")]
    [InlineData("_ZN99short", "_ZN99short")]
    [InlineData("_ZSt4cout", "_ZSt4cout")]
    [InlineData("aoti_torch_zeros", "aoti_torch_zeros")]
    public void Readable_LinkersName_IsTheNestedName(string symbol, string expected) => Assert.Equal(expected, CppName.Readable(symbol));

    [Fact]
    public void Open_FilesCutShortAnywhere_AreRefused()
    {
        byte[] whole = File.ReadAllBytes(TorchFolder.FindShim());
        foreach (int length in new[] { 0, 1, 63, 64, 5000, whole.Length / 2, whole.Length - 1000 })
        {
            string path = Path.Combine(_lib, "cut.so");
            File.WriteAllBytes(path, whole[..length]);
            InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            {
                using ElfLibrary library = ElfLibrary.Open(path);
                library.Needed();
            });
            Assert.Contains("cut.so is no 64-bit ELF library, or is cut short", error.Message);
            Assert.DoesNotContain(path, File.ReadAllText("/proc/self/maps"));
        }
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_lib)!, recursive: true);

    private static void Build(string source, string library, params string[] options)
    {
        File.WriteAllText(library + ".c", source);
        Gcc.Build(library + ".c", library, options);
    }

    private void Offer(string name, string source) => Build(source, Path.Combine(_lib, $"lib{name}.so"));
}
