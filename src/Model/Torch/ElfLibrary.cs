using System.Text;
using Llama.Model.Checkpoints;

namespace Llama.Model.Torch;

/// <summary>
/// What a 64-bit little-endian ELF library asks of others and offers them. Plan: the table of sections leads to the dynamic symbols with their names, to their versions, and to the relocations, which
/// tell a symbol that must be there when the library is loaded from a function that is only sought when it is first called.
/// Layouts: ELF-64 Object File Format, 1.5; GNU's symbol versions.
/// </summary>
internal sealed unsafe class ElfLibrary : IDisposable
{
    private const int DynamicSymbols = 11, Relocations = 4, Dynamic = 6, SymbolVersions = 0x6fffffff; // types of sections
    private const int HeaderBytes = 64, SectionBytes = 64, SymbolBytes = 24, RelocationBytes = 24, DynamicBytes = 16;
    private const int JumpSlot = 7; // R_X86_64_JUMP_SLOT: relocations of functions that are bound when first called

    private readonly MappedFile _file;
    private readonly string _path;

    private ElfLibrary(MappedFile file, string path) => (_file, _path) = (file, path);

    private readonly record struct Section(int Type, long Offset, long Bytes, int Link);

    /// <summary>Opens a library.</summary>
    /// <exception cref="InvalidDataException">It is none of this kind.</exception>
    public static ElfLibrary Open(string path)
    {
        if (new FileInfo(path).Length < HeaderBytes) throw Broken(path); // nothing at all cannot even be mapped
        ElfLibrary library = new(new MappedFile(path), path);
        ReadOnlySpan<byte> identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];
        if (library.Bytes(0, HeaderBytes).StartsWith(identity)) return library;
        library.Dispose();
        throw Broken(path);
    }

    /// <summary>Names without a version that it needs from other libraries, and whether each must be there when it is loaded.</summary>
    public Dictionary<string, bool> Needed()
    {
        Section symbols = Find(DynamicSymbols) ?? throw Broken();
        HashSet<long> atLoad = BoundAtLoad();
        Dictionary<string, bool> needed = new(StringComparer.Ordinal);
        for (long i = 1; i < symbols.Bytes / SymbolBytes; i++)
            if (!IsDefined(symbols, i) && IsStrong(symbols, i) && !HasVersion(i)) needed[Encoding.UTF8.GetString(Name(symbols, i))] = atLoad.Contains(i);
        return needed;
    }

    /// <summary>Takes the names that it defines out of a table.</summary>
    public void TakeDefined(Dictionary<string, bool> names)
    {
        const int longest = 4096; // of the names that are looked for
        Section symbols = Find(DynamicSymbols) ?? throw Broken();
        Dictionary<string, bool>.AlternateLookup<ReadOnlySpan<char>> lookup = names.GetAlternateLookup<ReadOnlySpan<char>>();
        char* text = stackalloc char[longest];
        for (long i = 1; i < symbols.Bytes / SymbolBytes; i++)
        {
            if (!IsDefined(symbols, i)) continue;
            ReadOnlySpan<byte> name = Name(symbols, i);
            if (name.Length <= longest) lookup.Remove(new ReadOnlySpan<char>(text, Encoding.Latin1.GetChars(name, new Span<char>(text, longest))));
        }
    }

    public void Dispose() => _file.Dispose();

    private HashSet<long> BoundAtLoad()
    {
        bool all = BindsNow();
        HashSet<long> symbols = [];
        foreach (Section section in Sections().Where(section => section.Type == Relocations))
            for (long at = section.Offset; at < section.Offset + section.Bytes; at += RelocationBytes)
            {
                ulong info = Read<ulong>(at + 8);
                if (all || (uint)info != JumpSlot) symbols.Add((long)(info >> 32));
            }
        return symbols;
    }

    // Libraries can ask to have all functions sought at once: by a flag of either kind, or an entry of its own.
    private bool BindsNow()
    {
        if (Find(Dynamic) is not { } section) return false;
        for (long at = section.Offset; at < section.Offset + section.Bytes; at += DynamicBytes)
        {
            (ulong tag, ulong value) = (Read<ulong>(at), Read<ulong>(at + 8));
            if (tag == 24 || (tag == 30 && (value & 8) != 0) || (tag == 0x6ffffffb && (value & 1) != 0)) return true;
        }
        return false;
    }

    private Section? Find(int type) => Sections().Cast<Section?>().FirstOrDefault(section => section!.Value.Type == type);

    private IEnumerable<Section> Sections()
    {
        long table = Read<long>(40);
        int count = Read<ushort>(60);
        for (int i = 0; i < count; i++)
        {
            long at = table + (long)i * SectionBytes;
            yield return new Section(Read<int>(at + 4), Read<long>(at + 24), Read<long>(at + 32), Read<int>(at + 40));
        }
    }

    private bool IsDefined(Section symbols, long index) => Read<ushort>(symbols.Offset + index * SymbolBytes + 6) != 0;

    private bool IsStrong(Section symbols, long index) => Read<byte>(symbols.Offset + index * SymbolBytes + 4) >> 4 == 1;

    // 0 and 1 mean none: torch's own symbols; those of the C and C++ libraries have one.
    private bool HasVersion(long index) => Find(SymbolVersions) is { } versions && (Read<ushort>(versions.Offset + index * 2) & 0x7fff) > 1;

    private ReadOnlySpan<byte> Name(Section symbols, long index)
    {
        long names = Read<long>(Read<long>(40) + (long)symbols.Link * SectionBytes + 24), at = names + Read<uint>(symbols.Offset + index * SymbolBytes);
        ReadOnlySpan<byte> rest = Bytes(at, Math.Min(_file.Length - at, int.MaxValue));
        return rest[..Math.Max(0, rest.IndexOf((byte)0))];
    }

    private T Read<T>(long at) where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.Read<T>(Bytes(at, sizeof(T)));

    private ReadOnlySpan<byte> Bytes(long at, long count) => at >= 0 && count >= 0 && at <= _file.Length - count ? new(_file.Start + at, (int)count) : throw Broken();

    private InvalidDataException Broken() => Broken(_path);

    private static InvalidDataException Broken(string path) => new($"{path} is no 64-bit ELF library, or is cut short.");
}
