using System.Runtime.InteropServices;
using System.Text;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Cuda;

/// <summary>
/// NVIDIA's runtime compiler. It compiles for the device itself where it knows that; for a newer one it writes PTX, which the driver compiles. May be called by several threads at once.
/// </summary>
internal sealed unsafe class Nvrtc(CudaLibrary library) : ICudaCompiler
{
    private readonly NvrtcApi _api = new(library.Library);

    /// <summary>What, beside the source, its results depend on.</summary>
    public string Identity => $"NVRTC {library.Version} {string.Join(' ', Options)}";

    // No --use_fast_math: it would change division, roots and denormals everywhere. No --generate-line-info: with it NVRTC 11.8 overflows its stack on some inlined functions for sm_90, which ends the
    // process.
    private static string[] Options => ["--std=c++17"];

    public byte[] Compile(CudaUnit unit, string architecture)
    {
        (string target, bool isPtx) = Target(architecture);
        using Texts sources = new([unit.Text, unit.Name]);
        (string Name, string Text)[] headers = [.. CudaUnit.Headers];
        using Texts texts = new(headers.Select(h => h.Text));
        using Texts names = new(headers.Select(h => h.Name));
        nint program;
        Check(_api.CreateProgram(&program, sources[0], sources[1], headers.Length, texts.Pointers, names.Pointers), "nvrtcCreateProgram");
        try
        {
            using Texts options = new([$"--gpu-architecture={target}", .. Options, .. unit.Constants.Select(c => $"-D{c}")]);
            int error = _api.CompileProgram(program, options.Count, options.Pointers);
            if (error != 0) throw new CudaException(Complaint(unit, target, error, Read(program, _api.GetProgramLogSize, _api.GetProgramLog)));
            return isPtx ? Read(program, _api.GetPtxSize, _api.GetPtx) : Read(program, _api.GetCubinSize, _api.GetCubin);
        }
        finally
        {
            _ = _api.DestroyProgram(&program);
        }
    }

    public bool CanOverlap(string architecture)
    {
        const int hopper = 90;
        return NumberOf(Target(architecture).Target) >= hopper;
    }

    private static int NumberOf(string architecture) => int.Parse(architecture.AsSpan(architecture.IndexOf('_') + 1), System.Globalization.CultureInfo.InvariantCulture);

    private (string Target, bool IsPtx) Target(string architecture)
    {
        int wanted = NumberOf(architecture);
        int[] known = SupportedArchitectures();
        if (known.Contains(wanted)) return (architecture, false);
        int[] older = [.. known.Where(a => a < wanted)];
        return older.Length > 0 ? ($"compute_{older.Max()}", true) : throw new CudaException(
            $"NVRTC {library.Version} does not compile for this GPU ({architecture}) any more, only for sm_{known.Min()} and newer. Install an older one, or set Model:Device=cpu.");
    }

    private int[] SupportedArchitectures()
    {
        int count;
        Check(_api.GetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs");
        int[] architectures = new int[count];
        fixed (int* first = architectures) Check(_api.GetSupportedArchs(first), "nvrtcGetSupportedArchs");
        return architectures;
    }

    private byte[] Read(nint program, delegate* unmanaged<nint, nuint*, int> getSize, delegate* unmanaged<nint, byte*, int> get)
    {
        nuint size;
        Check(getSize(program, &size), "asking NVRTC for the size of a result");
        byte[] bytes = new byte[size];
        fixed (byte* first = bytes) Check(get(program, first), "asking NVRTC for a result");
        return bytes;
    }

    // The first error is the one that counts; the whole log stands below it.
    private string Complaint(CudaUnit unit, string target, int error, byte[] log)
    {
        string text = Encoding.UTF8.GetString(log).TrimEnd('\0', '\n');
        string first = text.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal)) ?? _api.Describe(error);
        return $"{unit.Name} ({string.Join(' ', unit.Constants)}) does not compile for {target} with NVRTC {library.Version}: {first}\n{text}";
    }

    private void Check(int error, string call)
    {
        if (error != 0) throw new CudaException($"{call} failed: {_api.Describe(error)}. The compiler is NVRTC {library.Version} in {library.Library.Path}.");
    }

    /// <summary>Strings as C takes an array of them.</summary>
    private sealed class Texts : IDisposable
    {
        private readonly nint[] _texts;

        public Texts(IEnumerable<string> texts)
        {
            _texts = [.. texts.Select(Marshal.StringToCoTaskMemUTF8)];
            Pointers = (byte**)NativeMemory.Alloc((nuint)Count + 1, (nuint)sizeof(byte*));
            for (int i = 0; i < Count; i++) Pointers[i] = this[i];
        }

        public int Count => _texts.Length;

        public byte** Pointers { get; }

        public byte* this[int index] => (byte*)_texts[index];

        public void Dispose()
        {
            foreach (nint text in _texts) Marshal.FreeCoTaskMem(text);
            NativeMemory.Free(Pointers);
        }
    }
}
