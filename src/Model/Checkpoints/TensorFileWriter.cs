using Microsoft.Win32.SafeHandles;

namespace Llama.Model.Checkpoints;

/// <summary>
/// Writes one file of tensors, of any size. All of them are declared first, since the header precedes the data; their bytes then come in any order, in pieces, from any thread.
/// </summary>
internal abstract class TensorFileWriter : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly IReadOnlyDictionary<string, TensorEntry> _tensors;

    /// <summary>Starts the file, replacing one that is there, at its full length: bytes never written are zeros.</summary>
    /// <param name="path">Where.</param>
    /// <param name="header">What precedes the tensors' bytes.</param>
    /// <param name="tensors">By name, offsets from the start of the file.</param>
    /// <param name="byteCount">Of the whole file.</param>
    protected TensorFileWriter(string path, byte[] header, IReadOnlyDictionary<string, TensorEntry> tensors, long byteCount)
    {
        _tensors = tensors;
        _file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        try
        {
            RandomAccess.SetLength(_file, byteCount);
            RandomAccess.Write(_file, header, 0);
        }
        catch // a full disk
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Writes part of a tensor.</summary>
    /// <param name="name">A declared tensor.</param>
    /// <param name="bytes">As its type has them; little-endian.</param>
    /// <param name="start">Where in the tensor's bytes they go.</param>
    public void Write(string name, ReadOnlySpan<byte> bytes, long start = 0)
    {
        TensorEntry entry = _tensors[name];
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + bytes.Length, entry.ByteCount, nameof(bytes));
        RandomAccess.Write(_file, bytes, entry.Offset + start);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
