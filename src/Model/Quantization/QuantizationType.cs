using System.Globalization;
using System.Text.RegularExpressions;
using Llama.Model.Kernels;
using Llama.Model.Kernels.Machine;

namespace Llama.Model.Quantization;

/// <summary>How the rows of a weight become codes.</summary>
/// <param name="Bits">8 or 4.</param>
/// <param name="GroupSize">Inputs that share a scale: 32, 64, 128; null for the whole row.</param>
/// <param name="IsSymmetric">Whether the middle code is 0; otherwise each group has a minimum of its own beside its scale.</param>
/// <param name="SplitsOutliers">Whether inputs that stand out are multiplied with 16-bit columns instead: LLM.int8() (Dettmers et al. 2022).</param>
public sealed partial record QuantizationType(int Bits, int? GroupSize, bool IsSymmetric, bool SplitsOutliers = false)
{
    /// <summary>What <c>int8</c> stands for.</summary>
    public static readonly QuantizationType Int8 = new(8, null, true);

    /// <summary>What <c>int4</c> stands for.</summary>
    public static readonly QuantizationType Int4 = new(4, 64, true);

    /// <summary>The spellings, for error messages.</summary>
    public const string Spellings = "int8, int8-row, int8-g32, int8-g64, int8-g128, int8-outliers, int4, int4-g32, int4-g64, int4-g128, int4-g32-zp, int4-g64-zp, int4-g128-zp";

    /// <summary>The spellings as a regular expression.</summary>
    public const string Pattern = "int8(-row|-g32|-g64|-g128|-outliers)?|int4((-g32|-g64|-g128)(-zp)?)?";

    /// <summary>Codes of a group: 256 or 16.</summary>
    internal int CodeCount => 1 << Bits;

    /// <summary>The code of 0 in a symmetric weight.</summary>
    internal int ZeroPoint => CodeCount / 2;

    /// <summary>Reads a spelling, in any case; false for any other text.</summary>
    public static bool TryParse(string text, out QuantizationType type)
    {
        text = text.ToLowerInvariant();
        type = text.StartsWith("int4", StringComparison.Ordinal) ? Int4 : Int8;
        if (!Form().IsMatch(text)) return false;
        string[] parts = text.Split('-');
        if (parts.Length == 1) return true;
        int? groupSize = parts[1] is "row" or "outliers" ? null : int.Parse(parts[1].AsSpan(1), CultureInfo.InvariantCulture);
        type = new QuantizationType(type.Bits, groupSize, IsSymmetric: parts.Length == 2, SplitsOutliers: parts[1] == "outliers");
        return true;
    }

    /// <summary>Whether scales are stored in 11 significant bits, as a float16 has them (<see cref="ShortScale"/>), so that packed codes hold them in 16 bits as they are: beside codes of 4 bits one of 32 takes much.</summary>
    internal bool HasShortScales => Bits == 4 && IsSymmetric;

    /// <summary>Inputs that share a scale in rows of a length; never so few that their order within a register would matter, unless asked for.</summary>
    internal int GroupSizeOf(int inputs) => GroupSize ?? Math.Max(inputs, QuantizedWeight.Chunk);

    /// <summary>Bytes of a weight of this type in memory.</summary>
    /// <param name="shape">[outputs, inputs]</param>
    /// <param name="isHost">Whether the processor is to multiply with it.</param>
    internal long BytesOf(long[] shape, bool isHost) => QuantizedWeight.BytesOf(shape[0], (int)shape[1], Bits, GroupSizeOf((int)shape[1]), hasMinima: !IsSymmetric, isHost);

    /// <summary>The same of one that is packed for the processor.</summary>
    internal long PackedBytesOf(long[] shape)
    {
        CodeUnit plain = new(Bits, (int)shape[1], GroupSizeOf((int)shape[1]), !IsSymmetric);
        return PackedCodes.BytesOf((int)shape[0], plain, new PackedValues(Bits, HasShortScales ? ScaleForm.Half : ScaleForm.Single));
    }

    /// <summary>The spelling in full.</summary>
    public override string ToString() => $"int{Bits}{(GroupSize is int size ? $"-g{size}" : SplitsOutliers ? "" : "-row")}{(IsSymmetric ? "" : "-zp")}{(SplitsOutliers ? "-outliers" : "")}";

    [GeneratedRegex($"^({Pattern})$")]
    private static partial Regex Form();
}
