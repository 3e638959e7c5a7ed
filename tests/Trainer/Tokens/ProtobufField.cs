namespace Llama.Trainer.Tokens;

/// <summary>One field of a protobuf message: a number, and either a varint or the bytes of a fixed or length-delimited value.</summary>
internal readonly record struct ProtobufField(int Number, long Value, ReadOnlyMemory<byte> Bytes)
{
    public static IEnumerable<ProtobufField> Read(ReadOnlyMemory<byte> message)
    {
        int at = 0;
        while (at < message.Length)
        {
            long key = Varint(message, ref at);
            int number = (int)(key >> 3), wire = (int)(key & 7);
            if (wire == 0)
            {
                yield return new ProtobufField(number, Varint(message, ref at), default);
                continue;
            }
            int length = wire switch { 1 => 8, 5 => 4, _ => (int)Varint(message, ref at) };
            yield return new ProtobufField(number, 0, message.Slice(at, length));
            at += length;
        }
    }

    private static long Varint(ReadOnlyMemory<byte> message, ref int at)
    {
        long value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = message.Span[at++];
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }
}
