using System.Buffers.Binary;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Tests.Text;

public sealed class CharsMapTests
{
    [Theory]
    [InlineData("cut short")]
    [InlineData("cut short", 0x400u, 8)] // longer than the blob
    [InlineData("damaged", 0x100u | 9u << 10)] // its value would be behind the end
    public void New_DamagedRules_AreRefusedBeforeAnyTextMeetsThem(string fault, uint unit = 0, int trieBytes = 4)
    {
        byte[] blob = new byte[unit == 0 ? 4 : 8];
        if (unit != 0) BinaryPrimitives.WriteInt32LittleEndian(blob, trieBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(blob.AsSpan(^4..), unit);
        Assert.Contains(fault, Assert.Throws<InvalidDataException>(() => new CharsMap(blob)).Message);
    }
}
