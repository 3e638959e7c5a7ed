using System.Text;

namespace Llama.Trainer.Tokens;

/// <summary>One piece of a SentencePiece model (sentencepiece_model.proto, ModelProto.SentencePiece).</summary>
internal sealed record SentencePiece(string Text, float Score, bool IsNormal)
{
    private const int PiecesField = 1, TextField = 1, ScoreField = 2, TypeField = 3, NormalType = 1;

    public static List<SentencePiece> LoadAll(string path) =>
        [.. ProtobufField.Read(File.ReadAllBytes(path)).Where(field => field.Number == PiecesField).Select(field => Parse(field.Bytes))];

    private static SentencePiece Parse(ReadOnlyMemory<byte> message)
    {
        (string text, float score, long type) = ("", 0, NormalType);
        foreach (ProtobufField field in ProtobufField.Read(message))
        {
            if (field.Number == TextField) text = Encoding.UTF8.GetString(field.Bytes.Span);
            if (field.Number == ScoreField) score = BitConverter.ToSingle(field.Bytes.Span);
            if (field.Number == TypeField) type = field.Value;
        }
        return new SentencePiece(text, score, type == NormalType);
    }
}
