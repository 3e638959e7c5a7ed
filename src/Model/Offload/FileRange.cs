namespace Llama.Model.Offload;

/// <summary>Where a tensor lies.</summary>
/// <param name="File">In which file.</param>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Bytes">How many.</param>
internal readonly record struct FileRange(StoredFile File, long Offset, long Bytes)
{
    /// <summary>How far into a page it begins; memory that is to be read into past the system's cache begins as far into one.</summary>
    public int IntoPage => (int)(Offset % StoredFile.PageBytes);

    /// <summary>Whole pages of memory for it.</summary>
    public long MemoryBytes => Pages(IntoPage + Bytes);

    /// <summary>Bytes rounded up to whole pages.</summary>
    public static long Pages(long bytes) => (bytes + StoredFile.PageBytes - 1) / StoredFile.PageBytes * StoredFile.PageBytes;
}
