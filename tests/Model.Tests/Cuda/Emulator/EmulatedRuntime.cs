using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>The emulator's runtime: <c>runtime.h</c> as C# sees it. One library for the process, compiled when it is first needed and never unloaded, because it handles signals.</summary>
internal static unsafe class EmulatedRuntime
{
    private const string Prefix = "emulator/";

    private static readonly List<(string Name, string Text)> Files =
        [.. Resources.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name => (name[Prefix.Length..], Read(name)))];

    private static readonly Lazy<nint> Library = new(() => NativeLibrary.Load(LibraryPath));
    private static readonly Lazy<nint> Entry = new(() => NativeLibrary.GetExport(Library.Value, "emulator_run"));
    private static readonly Lazy<string> BuiltLibrary = new(Build);

    /// <summary>Name and text of what kernels are compiled with.</summary>
    public static IEnumerable<(string Name, string Text)> Headers => Files.Where(file => file.Name.EndsWith(".h", StringComparison.Ordinal));

    public static string LibraryPath => BuiltLibrary.Value;

    private static Assembly Resources => typeof(EmulatedRuntime).Assembly;

    private static string Read(string name)
    {
        using StreamReader reader = new(Resources.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static string Build()
    {
        IEnumerable<string> sources = Files.Select(file => file.Name).Where(name => name.EndsWith(".cpp", StringComparison.Ordinal));
        return Gnu.Library(Files, ["-std=c++17", "-O2", "-fPIC", "-shared", .. sources, "-o", "made.so"]);
    }

    /// <summary>Where this thread has a module's static shared memory.</summary>
    public static uint StaticShared(nint module, out nint begin)
    {
        nint memory;
        uint bytes = ((delegate* unmanaged<nint, nint*, uint>)NativeLibrary.GetExport(Library.Value, "emulator_static_shared"))(module, &memory);
        begin = memory;
        return bytes;
    }

    /// <summary>Runs a grid on this thread.</summary>
    /// <param name="launch">What, and how it is laid out.</param>
    /// <param name="module">The kernel's.</param>
    /// <param name="whereabouts">Says of an address in which memory it is.</param>
    /// <exception cref="CudaException">What the kernel did wrong, where, and which thread.</exception>
    public static void Run(in Launch launch, EmulatedModule module, Func<nint, string> whereabouts)
    {
        Fault fault;
        fixed (Launch* at = &launch)
            if (((delegate* unmanaged<Launch*, Fault*, int>)Entry.Value)(at, &fault) == 0) return;
        string text = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(fault.Text));
        if (fault.Address != 0) text += $", {whereabouts(fault.Address)}";
        string? line = fault.Offset == 0 ? null : module.Line(fault.Offset);
        throw new CudaException(line == null ? text : $"{text} ({line})");
    }

    /// <summary>A kernel of a module's table.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Kernel
    {
        public byte* Name;
        public nint Call;
        public byte* Parameters;
        public int MostThreads;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Module
    {
        public nint Indices;
        public nint DynamicShared;
        public Kernel* Kernels;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Launch
    {
        public nint Module;
        public Kernel* Kernel;
        public void** Arguments;
        public uint GridX, GridY, GridZ;
        public uint Threads;
        public uint SharedBytes;
        public uint Seed;
        public nint StaticShared;
        public uint StaticSharedBytes;
        public uint Overlaps, Anew, IsFollowed;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Fault
    {
        public fixed byte Text[1024];
        public nint Address;
        public ulong Offset;
    }
}
