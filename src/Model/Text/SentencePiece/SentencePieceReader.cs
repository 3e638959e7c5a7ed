using Google.Protobuf;

namespace Llama.Model.Text.SentencePiece;

/// <summary>
/// Reads <c>tokenizer.model</c>. Microsoft.ML.Tokenizers reads it too but keeps scores and piece types to itself, so the few fields needed are read here with the
/// protobuf reader it brings along. The numbers are the field numbers of sentencepiece_model.proto.
/// </summary>
internal static class SentencePieceReader
{
    public static SentencePieceModel Read(string path)
    {
        try
        {
            var model = new SentencePieceModel();
            ReadMessage(File.ReadAllBytes(path), (field, input) => ReadModelField(model, field, input));
            return Checked(model);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidDataException)
        {
            throw new InvalidDataException($"{path} is not a whole SentencePiece model ({e.Message}). Copy tokenizer.model from the checkpoint again; "
                + "a file of a few hundred bytes is a Git LFS pointer.", e);
        }
    }

    private static SentencePieceModel Checked(SentencePieceModel model) =>
        model.Pieces.Count == 0 ? throw new InvalidDataException("it holds no pieces")
        : !model.HasTrainer ? throw new InvalidDataException("it ends behind its pieces, before trainer_spec")
        : model;

    private static bool ReadModelField(SentencePieceModel model, int field, CodedInputStream input)
    {
        switch (field)
        {
            case 1: model.Pieces.Add(ReadPiece(input.ReadBytes())); return true;
            case 2: model.HasTrainer = true; ReadMessage(input.ReadBytes().ToByteArray(), (f, i) => ReadTrainerField(model.Trainer, f, i)); return true;
            case 3: ReadMessage(input.ReadBytes().ToByteArray(), (f, i) => ReadNormalizerField(model.Normalizer, f, i)); return true;
            case 5: model.HasDenormalizer = ReadHasCharsMap(input.ReadBytes().ToByteArray()); return true;
            default: return false;
        }
    }

    private static ScoredPiece ReadPiece(ByteString bytes)
    {
        string piece = "";
        float score = 0;
        TokenKind kind = TokenKind.Normal;
        ReadMessage(bytes.ToByteArray(), (field, input) =>
        {
            switch (field)
            {
                case 1: piece = input.ReadString(); return true;
                case 2: score = input.ReadFloat(); return true;
                case 3: kind = KindOf(input.ReadEnum()); return true;
                default: return false;
            }
        });
        return new ScoredPiece(piece, score, kind);
    }

    private static TokenKind KindOf(int type) => type switch
    {
        1 => TokenKind.Normal,
        2 => TokenKind.Unknown,
        3 => TokenKind.Control,
        4 => TokenKind.UserDefined,
        5 => TokenKind.Unused,
        6 => TokenKind.Byte,
        _ => throw new InvalidDataException($"piece type {type} is unknown"),
    };

    private static bool ReadTrainerField(TrainerSpec trainer, int field, CodedInputStream input)
    {
        switch (field)
        {
            case 3: trainer.ModelType = input.ReadEnum(); return true;
            case 24: trainer.TreatWhitespaceAsSuffix = input.ReadBool(); return true;
            case 35: trainer.ByteFallback = input.ReadBool(); return true;
            case 44: trainer.UnkSurface = input.ReadString(); return true;
            case 46: trainer.BosPiece = input.ReadString(); return true;
            case 47: trainer.EosPiece = input.ReadString(); return true;
            default: return false;
        }
    }

    private static bool ReadNormalizerField(NormalizerSpec normalizer, int field, CodedInputStream input)
    {
        switch (field)
        {
            case 2: normalizer.CharsMap = input.ReadBytes() is { IsEmpty: false } rules ? new CharsMap(rules.ToByteArray()) : null; return true;
            case 3: normalizer.AddDummyPrefix = input.ReadBool(); return true;
            case 4: normalizer.RemoveExtraWhitespaces = input.ReadBool(); return true;
            case 5: normalizer.EscapeWhitespaces = input.ReadBool(); return true;
            default: return false;
        }
    }

    private static bool ReadHasCharsMap(byte[] denormalizer)
    {
        var spec = new NormalizerSpec();
        ReadMessage(denormalizer, (field, input) => ReadNormalizerField(spec, field, input));
        return spec.CharsMap is not null;
    }

    private static void ReadMessage(byte[] bytes, Func<int, CodedInputStream, bool> readField)
    {
        var input = new CodedInputStream(bytes);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (!readField(WireFormat.GetTagFieldNumber(tag), input)) input.SkipLastField();
        }
    }
}
