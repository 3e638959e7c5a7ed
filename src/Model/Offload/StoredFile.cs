using System.Globalization;
using System.Runtime.InteropServices;
using Llama.Model.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace Llama.Model.Offload;

/// <summary>
/// A file of weights that is read again and again, into memory of the reader's own: what is mapped would count as this process's memory, and a file that shrinks would end it. Any thread may read.
/// </summary>
/// <param name="path">Where it is; opened when it is first read.</param>
internal sealed unsafe partial class StoredFile(string path) : IDisposable
{
    /// <summary>What reading past the system's cache is aligned to, in the file and in memory.</summary>
    public const int PageBytes = 4096;

    private SafeFileHandle? _handle, _direct;

    /// <summary>Opens the file. Before other threads read it.</summary>
    /// <param name="pastCache">Whether to read past the system's cache where the system lets it.</param>
    public void Open(bool pastCache)
    {
        _handle ??= File.OpenHandle(path);
        if (pastCache) _direct ??= OpenDirect(path);
    }

    /// <summary>Whether it is read past the system's cache.</summary>
    public bool IsPastCache => _direct is not null;

    /// <summary>
    /// Reads some bytes. Past the system's cache whole pages are read, if the target lies as far into a page as the bytes do in the file: then the rest of the first and last page in memory get what the
    /// file has there, and must be there for it.
    /// </summary>
    /// <exception cref="CheckpointException">The file ends before: it was changed.</exception>
    /// <exception cref="IOException">The system cannot read it.</exception>
    public void Read(long offset, long bytes, byte* target)
    {
        int into = (int)(offset % PageBytes);
        if (_direct is null || (nint)target % PageBytes != into) ReadAll(_handle!, offset, bytes, bytes, target);
        else ReadAll(_direct, offset - into, into + bytes, (into + bytes + PageBytes - 1) / PageBytes * PageBytes, target - into);
    }

    public void Dispose()
    {
        _handle?.Dispose();
        _direct?.Dispose();
    }

    // Behind the file's end whole pages are short.
    private void ReadAll(SafeFileHandle handle, long offset, long needed, long asked, byte* target)
    {
        const int most = 64 << 20;
        for (long done = 0; done < needed;)
        {
            int read = RandomAccess.Read(handle, new Span<byte>(target + done, (int)Math.Min(asked - done, most)), offset + done);
            if (read == 0) throw Ended(offset + done);
            done += read;
        }
    }

    private CheckpointException Ended(long at) => new(path, string.Create(CultureInfo.InvariantCulture,
        $"ends at byte {at:N0}, before weights that are still read from it: it was changed while it was served. Restore it and start again"));

    private static SafeFileHandle? OpenDirect(string path)
    {
        const int readOnly = 0, closeOnExec = 0x80000, direct = 0x4000; // O_DIRECT of x86-64
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) return null;
        SafeFileHandle handle = new(open(path, readOnly | closeOnExec | direct), ownsHandle: true);
        if (!handle.IsInvalid) return handle;
        handle.Dispose();
        return null;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint open(string path, int flags);
}
