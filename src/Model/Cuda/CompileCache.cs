using System.Security.Cryptography;
using System.Text;

namespace Llama.Model.Cuda;

/// <summary>
/// Keeps what a compiler made in files, because it takes seconds at each start. A file's name is the hash of all that its content depends on, and the content begins with its own hash:
/// what is damaged or cut off is compiled again. Where nothing can be written all is compiled each time. May be called by several threads, and processes, at once.
/// </summary>
/// <param name="compiler">Makes what is not there.</param>
/// <param name="identity">What, beside the source, its results depend on: its version, its options.</param>
/// <param name="folder">Where the files lie; it is made if need be.</param>
/// <param name="warn">Told once if the folder cannot be used.</param>
internal sealed class CompileCache(ICudaCompiler compiler, string identity, string folder, Action<string> warn) : ICudaCompiler
{
    private int _hasWarned;

    /// <summary><c>$XDG_CACHE_HOME/llama-server/kernels</c>, by default in <c>~/.cache</c>.</summary>
    public static string DefaultFolder
    {
        get
        {
            string? caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(caches)) caches = Path.Combine(HomeFolder.Path, ".cache");
            return Path.Combine(caches, "llama-server", "kernels");
        }
    }

    public byte[] Compile(CudaUnit unit, string architecture)
    {
        string path = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(unit.Name)}-{architecture}-{Key(unit, architecture)}.bin");
        if (Read(path) is { } kept) return kept;
        byte[] image = compiler.Compile(unit, architecture);
        Write(path, image);
        return image;
    }

    public bool CanOverlap(string architecture) => compiler.CanOverlap(architecture);

    private string Key(CudaUnit unit, string architecture)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IEnumerable<string> headers = CudaUnit.Headers.SelectMany(h => new[] { h.Name, h.Text });
        foreach (string text in new[] { identity, architecture, unit.Name, unit.Text }.Concat(headers).Concat(unit.Constants))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length)); // or "AB" + "C" would be "A" + "BC"
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private byte[]? Read(string path)
    {
        try
        {
            byte[] content = File.ReadAllBytes(path);
            if (content.Length <= SHA256.HashSizeInBytes) return null;
            byte[] image = content[SHA256.HashSizeInBytes..];
            return SHA256.HashData(image).AsSpan().SequenceEqual(content.AsSpan(0, SHA256.HashSizeInBytes)) ? image : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Under a name of its own first: nobody sees half a file, and who renames last wins with the same content.
    private void Write(string path, byte[] image)
    {
        string draft = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(draft, [.. SHA256.HashData(image), .. image]);
            File.Move(draft, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Delete(draft);
            if (Interlocked.Exchange(ref _hasWarned, 1) == 0)
                warn($"Compiled kernels cannot be kept ({e.Message}); each start compiles them again. Set XDG_CACHE_HOME to a folder that can be written to.");
        }
    }

    private static void Delete(string draft)
    {
        try
        {
            File.Delete(draft);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full or read-only file system: there is nothing to delete, or no way to.
        }
    }
}
