using System.Runtime.InteropServices;
using Llama.Model.Cuda;

namespace Llama.Model.Tests.Cuda.Emulator;

/// <summary>What was enqueued, in order, with the values of kernels' arguments: the work of a stream, or of a graph.</summary>
internal sealed class EmulatedWork
{
    private readonly List<Piece> _items = [];
    private readonly List<ulong> _arguments = [];

    public int Count => _items.Count;

    public Piece this[int index] => _items[index];

    /// <summary>The values of a launch's arguments.</summary>
    public ReadOnlySpan<ulong> Arguments(Piece launch) => CollectionsMarshal.AsSpan(_arguments).Slice(launch.FirstArgument, launch.Kernel!.Parameters.Length);

    public void Add(Piece piece) => _items.Add(piece);

    public void Add(Piece launch, ReadOnlySpan<ulong> arguments)
    {
        _items.Add(launch with { FirstArgument = _arguments.Count });
        _arguments.AddRange(arguments);
    }

    public void Add(EmulatedWork other)
    {
        foreach (Piece piece in other._items)
            if (piece.Kernel == null) Add(piece);
            else Add(piece, other.Arguments(piece));
    }

    public void Clear()
    {
        _items.Clear();
        _arguments.Clear();
    }

    /// <summary>One thing to do: a launch if there is a kernel, waiting for so many marks of an event if there is a stream too, the marking of an event if there is one, else a copy or (without a source) a filling.</summary>
    public readonly record struct Piece
    {
        public EmulatedKernel? Kernel { get; init; }
        public LaunchShape Shape { get; init; }
        public int FirstArgument { get; init; }
        public bool Overlaps { get; init; } // kernels before it may still run
        public bool Anew { get; init; } // of those that may be, it is the first
        public EmulatedEvent? Event { get; init; }
        public EmulatedStream? Stream { get; init; }
        public int Marks { get; init; }
        public nint Target { get; init; }
        public nint Source { get; init; }
        public byte Value { get; init; }
        public long Bytes { get; init; }
    }
}
