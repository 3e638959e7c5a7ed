using static TorchSharp.torch;

namespace Llama.Model.Kernels.Machine;

/// <summary>A weight that is multiplied with while it is packed: as it lies in its file until the packed copy is there. Belongs to the thread that runs the model; another one packs it.</summary>
/// <param name="rows">Taken over; one that <see cref="WeightPacker.CanPack"/>.</param>
/// <param name="letGo">Called when its rows will hardly be read any more, on the thread that packs it, and once more when they will not.</param>
internal sealed class PackingWeight(Weight rows, Action letGo) : Weight(rows.Outputs, rows.Inputs)
{
    private readonly long _expectedBytes = rows is QuantizedWeight codes ? PackedCodes.BytesOf(codes) : rows.ByteCount;
    private Weight? _rows = rows; // until the packed copy is used
    private volatile Weight? _packed;

    /// <summary>The form that it has now, good until the next call.</summary>
    public Weight Current
    {
        get
        {
            if (_packed is not { } packed) return _rows!;
            if (_rows is null) return packed;
            _rows.Dispose();
            _rows = null;
            letGo();
            return packed;
        }
    }

    /// <summary>Of the packed copy; until it is there, what it is expected to take.</summary>
    public override long ByteCount => _packed?.ByteCount ?? _expectedBytes;

    /// <summary>The form that any weight has now.</summary>
    public static Weight CurrentOf(Weight weight) => weight is PackingWeight packing ? packing.Current : weight;

    /// <summary>Packs it; once, on any thread.</summary>
    public void Pack(WeightPacker packer)
    {
        _packed = packer.Pack(_rows!);
        letGo();
    }

    public override Tensor Widen(Tensor? rows = null) => Current.Widen(rows);

    public override void Dispose()
    {
        _rows?.Dispose();
        _packed?.Dispose();
    }
}
