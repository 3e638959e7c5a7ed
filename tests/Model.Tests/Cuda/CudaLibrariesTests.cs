using System.Runtime.Versioning;
using Llama.Model.Cuda.Native;
using Llama.Model.Tests.Cuda.Fake;

namespace Llama.Model.Tests.Cuda;

public sealed class CudaLibrariesTests
{
    private const string Python = "usr/local/lib/python3.12/dist-packages";

    [GccTheory]
    [InlineData("opt/toolkit/lib64/libnvrtc.so.12")]
    [InlineData("usr/local/cuda-12.8/targets/x86_64-linux/lib/libnvrtc.so")]
    [InlineData("usr/local/cuda/lib64/libnvrtc.so.12.8.93")]
    [InlineData($"{Python}/nvidia/cuda_nvrtc/lib/libnvrtc.so.12")]
    [InlineData($"{Python}/nvidia/cu13/lib/libnvrtc.so.13")]
    [InlineData($"{Python}/torch/lib/libnvrtc-b51b459d.so.12")]
    [InlineData("venv/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12")]
    [InlineData("me/.local/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.11.2")]
    [InlineData("interpreter/lib/python3.10/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12")]
    [InlineData("linked/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13")]
    [InlineData("me/.pyenv/versions/3.11.9/lib/python3.11/site-packages/nvidia/cu13/lib/libnvrtc.so.13")]
    public void TryFind_InEachPlace_FindsIt(string file)
    {
        using FakeLibrary fake = new("nvrtc.c", file);
        foreach (string folder in new[] { "interpreter/bin", "linked/bin" }) Directory.CreateDirectory(Path.Combine(fake.Folder, folder));
        File.WriteAllText(Path.Combine(fake.Folder, "linked/bin/python3"), "");
        File.CreateSymbolicLink(Path.Combine(fake.Folder, "interpreter/bin/python3"), "../../linked/bin/python3");
        Assert.True(Find(fake.Folder, new Version(12, 4), out CudaLibrary? found, out string? reason), reason);
        Assert.Equal($"nvrtc 12.3 ({fake.File})", found!.ToString());
    }

    [GccTheory]
    [InlineData("usr/local/cuda/lib64/libnvrtc-builtins.so.12.8")]
    [InlineData("usr/local/cuda/lib64/libnvrtc.alt.so.12")]
    [InlineData("usr/local/cuda/lib64/libnvrtc_static.a")]
    [InlineData("usr/local/other/lib64/libnvrtc.so.12")]
    public void TryFind_WithOtherFiles_SaysWhereItSought(string file)
    {
        using FakeLibrary fake = new("nvrtc.c", file);
        Assert.False(Find(fake.Folder, new Version(12, 4), out _, out string? reason));
        Assert.StartsWith("no libnvrtc. Sought by the system's loader", reason, StringComparison.Ordinal);
        Assert.EndsWith("Install the CUDA toolkit 12 or NVIDIA's Python packages of it.", reason, StringComparison.Ordinal);
    }

    [GccFact]
    public void TryFind_OfAMajorVersionAboveTheDrivers_TakesAnOlderOneOrNamesBoth()
    {
        using FakeLibrary newer = new("nvrtc.c", "usr/local/cuda-13.0/lib64/libnvrtc.so.13", "-DMAJOR=13");
        Assert.False(Find(newer.Folder, new Version(12, 4), out _, out string? reason));
        Assert.Equal($"no usable libnvrtc: {newer.File} is of CUDA 13.3. Needed is one of CUDA 11 or newer, but not above 12: the driver is made for CUDA 12.4.", reason);

        using FakeLibrary older = new("nvrtc.c", "lib64/libnvrtc.so.12");
        string beside = Path.Combine(Directory.CreateDirectory(Path.Combine(newer.Folder, "usr/local/cuda-12.1/lib64")).FullName, "libnvrtc.so.12");
        File.Copy(older.File, beside);
        Assert.True(Find(newer.Folder, new Version(12, 4), out CudaLibrary? found, out reason), reason);
        Assert.Equal(beside, found!.Library.Path);
    }

    [GccFact(NeedsLimits = true)]
    [UnsupportedOSPlatform("windows")]
    public void TryFind_WithAFolderThatMayNotBeRead_GoesOn()
    {
        using FakeLibrary fake = new("nvrtc.c", $"{Python}/nvidia/cu12/lib/libnvrtc.so.12");
        string closed = Directory.CreateDirectory(Path.Combine(fake.Folder, "usr/local/cuda/lib64")).FullName;
        File.SetUnixFileMode(closed, UnixFileMode.None);
        Assert.True(Find(fake.Folder, new Version(12, 4), out CudaLibrary? found, out string? reason), reason);
        Assert.Equal(fake.File, found!.Library.Path);
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [GccFact]
    public void TryFind_OfAFileThatDoesNotLoad_SaysWhatTheLoaderSaid()
    {
        using FakeLibrary fake = new("nvrtc.c", "usr/local/cuda/lib64/libnvrtc.so.12");
        File.WriteAllText(fake.File, "not a library at all");
        Assert.False(Find(fake.Folder, new Version(12, 4), out _, out string? reason));
        Assert.Contains($"{fake.File} does not load: {fake.File}: ", reason, StringComparison.Ordinal);
    }

    private static bool Find(string root, Version driver, out CudaLibrary? library, out string? reason)
    {
        string? Variable(string name) => name switch
        {
            "CUDA_HOME" => Path.Combine(root, "opt/toolkit"),
            "VIRTUAL_ENV" => Path.Combine(root, "venv"),
            "PATH" => $"/nowhere:{Path.Combine(root, "interpreter/bin")}",
            _ => null,
        };
        return CudaLibraries.TryFind(ToolkitLibrary.Nvrtc, driver, new LibraryPlaces(Variable, Path.Combine(root, "me"), root), ["libnvrtc-of-nobody.so"], out library, out reason);
    }
}
