using System.Text;
using System.Text.RegularExpressions;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>Compiles kernels as C++ for the processor: a module's image is a shared library.</summary>
internal sealed partial class EmulatedCompiler : ICudaCompiler
{
    // Kernels read memory as other types than it was written as; CUDA's compiler allows it.
    private static readonly string[] Options = ["-std=c++17", "-O2", "-fPIC", "-fno-strict-aliasing", "-ffp-contract=off", "-w", "-DCUDA_EMULATOR"];

    public byte[] Compile(CudaUnit unit, string architecture) => Compile(unit.Name, unit.Text, unit.Constants);

    /// <summary>Compiles a source that need not be embedded.</summary>
    public byte[] Compile(string name, string text, IReadOnlyList<string> constants)
    {
        List<(string, string)> files = [.. EmulatedRuntime.Headers, .. CudaUnit.Headers, (name, text), ("module.cpp", Module(name, text))];
        return File.ReadAllBytes(Gnu.Library(
            files,
            [.. Options, .. constants.Select(constant => "-D" + constant), "-c", "module.cpp", "-o", "module.o"],
            ["-shared", "module.o", EmulatedRuntime.LibraryPath, "-o", "made.so"]));
    }

    // The kernel's names are its own: the unnamed namespace keeps them apart from those of the system.
    private static string Module(string name, string text)
    {
        StringBuilder module = new();
        module.Append($"#include \"emulator.h\"\nnamespace {{\n#include \"{name}\"\n}}\n#include \"module.h\"\n");
        List<string> rows = [];
        foreach (Match kernel in Kernels().Matches(text))
        {
            string function = kernel.Groups["name"].Value, bounds = kernel.Groups["bounds"].Value;
            module.Append($"static void call_{function}(void** arguments) {{ emulator::call({function}, arguments); }}\n");
            rows.Add($"{{ \"{function}\", call_{function}, emulator::parameters({function}), emulator::most_threads({bounds}) }}, ");
        }
        module.Append($"static const emulator::Kernel kernels[] = {{ {string.Concat(rows)}{{}} }};\n");
        module.Append("extern \"C\" const emulator::Module emulator_module = { &emulator::indices, &emulator::dynamic_shared, kernels };\n");
        return module.ToString();
    }

    private const string Bounds = @"(__launch_bounds__\s*\((?<bounds>(?:[^()]|\([^()]*\))*)\)\s*)?";

    [GeneratedRegex($@"extern\s+""C""\s+__global__\s+{Bounds}void\s+{Bounds}(?<name>\w+)\s*\(")]
    private static partial Regex Kernels();
}
