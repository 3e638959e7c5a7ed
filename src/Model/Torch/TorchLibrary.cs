using System.Runtime.InteropServices;
using TorchSharp;

namespace Llama.Model.Torch;

/// <summary>Loads libtorch once per process, when something first needs it.</summary>
internal static partial class TorchLibrary
{
    // Order matters: each library finds the ones it needs among those already in the process. Those of CUDA are there or not.
    private static readonly string[] Libraries = ["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"];

    private const string Remedy = "If a file is missing, run 'dotnet build' again; if a version does not fit, use the packaged libtorch (-p:TorchBackend=cpu) or the PyTorch "
        + "release that TorchSharp was built for (" + TorchPreflight.BuiltFor + ").";

    private static readonly Lazy<string> Loaded = new(LoadOnce);

    /// <summary>What the operator had better know: that libtorch could not be loaded for something that does without it, or that it may not fit.</summary>
    public static IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Whether something has needed it.</summary>
    public static bool IsLoaded => Loaded.IsValueCreated;

    /// <summary>Where it is, for the start-up lines.</summary>
    public static string Description => IsLoaded ? $"libtorch in {Loaded.Value}" : "libtorch not loaded";

    /// <summary>Loads libtorch if that has not happened yet and says where it came from.</summary>
    /// <exception cref="TorchLoadException">Nothing loadable was found.</exception>
    public static string Load() => Loaded.Value;

    /// <summary>The same for a caller that can do without; <see cref="Warnings"/> then say why there is none.</summary>
    public static bool TryLoad()
    {
        try
        {
            Load();
            return true;
        }
        catch (TorchLoadException e)
        {
            Warnings = [$"Products of many rows go the way for few: {e.Message}"];
            return false;
        }
    }

    private static string LoadOnce()
    {
        string folder = TorchFolder.Find(), shim = TorchFolder.FindShim();
        if (!TorchFolder.IsPackaged) CheckFit(folder);
        LetIdleThreadsSleep();
        // One by one and by path, because TorchSharp's own loader, when one of them fails, copies libraries about and blames something else.
        foreach (string path in Libraries.Select(name => Path.Combine(folder, TorchFolder.FileName(name))).Where(File.Exists)) LoadFile(path, folder);
        LoadFile(shim, folder);
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or EntryPointNotFoundException)
        {
            throw new TorchLoadException($"libtorch in {folder} was loaded, but TorchSharp could not start it: {(e.InnerException ?? e).Message.Split('\n')[0]} {Remedy}", e);
        }
        return folder;
    }

    private static void CheckFit(string folder)
    {
        try
        {
            if (TorchPreflight.Check(folder) is not { Remark: string remark } preflight) return;
            if (!preflight.Loads) throw new TorchLoadException(remark);
            Warnings = [remark];
        }
        catch (InvalidDataException e)
        {
            throw new TorchLoadException($"{e.Message} {Remedy}", e);
        }
    }

    private static void LoadFile(string path, string folder)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            // The runtime's advice comes first; what the system's loader said, and thus the reason, in the lines after it.
            string reason = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Skip(1).FirstOrDefault() ?? e.Message;
            throw new TorchLoadException($"{path} did not load (libtorch was taken from {folder}). The system's loader says: {reason}. {Remedy}", e);
        }
    }

    // OpenMP reads the C environment once, when it is loaded. Left alone, its idle workers spin for milliseconds on cores that our own team and the HTTP threads need.
    private static void LetIdleThreadsSleep()
    {
        setenv("OMP_WAIT_POLICY", "passive", overwrite: 0);
        setenv("GOMP_SPINCOUNT", "3000", overwrite: 0); // some 60 µs: GNU's OpenMP, the packaged one, goes by this
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
