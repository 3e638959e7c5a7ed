using Llama.Model.Kernels;

namespace Llama.Model.Tests.Kernels;

public class CodeOrderTests
{
    public static TheoryData<int, int> Formats => new() { { 8, 16 }, { 8, 32 }, { 8, 64 }, { 8, 700 }, { 4, 16 }, { 4, 32 }, { 4, 128 }, { 4, 700 } };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Unpack_OfPacked_IsTheRow(int bits, int groupSize)
    {
        foreach (int inputs in Widths())
        {
            (byte[] codes, byte[] packed) = Packed(inputs, bits, groupSize);
            byte[] back = new byte[inputs];
            CodeOrder.Unpack(packed, bits, groupSize, back);
            Assert.Equal(codes, back);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Pack_AnyRow_LaysItAsTheWeightDocuments(int bits, int groupSize)
    {
        int n = Math.Max(1, 64 / groupSize), zeroPoint = 1 << (bits - 1);
        foreach (int inputs in Widths())
        {
            (byte[] codes, byte[] packed) = Packed(inputs, bits, groupSize);
            for (int place = 0; place < packed.Length * 8 / bits; place++)
            {
                int lane = place % 64 / 4, input = place / 64 * 64 + lane / n * 4 + lane % n * groupSize + place % 4;
                Assert.Equal(input < inputs ? codes[input] : zeroPoint, Code(packed, bits, place));
            }
        }
    }

    private static IEnumerable<int> Widths() => Enumerable.Range(1, 200).Append(512).Append(700);

    private static int Code(byte[] packed, int bits, int place) =>
        bits == 8 ? packed[place] : packed[place / 128 * 64 + place % 64] >> (place % 128 < 64 ? 0 : 4) & 15;

    private static (byte[] Codes, byte[] Packed) Packed(int inputs, int bits, int groupSize)
    {
        var random = new Random(inputs);
        byte[] codes = [.. Enumerable.Range(0, inputs).Select(_ => (byte)random.Next(1 << bits))];
        byte[] packed = new byte[QuantizedWeight.RowBytes(inputs, bits)];
        CodeOrder.Pack(codes, bits, groupSize, packed);
        return (codes, packed);
    }
}
