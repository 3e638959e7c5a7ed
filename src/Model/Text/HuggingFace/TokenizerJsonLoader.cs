using System.Text;
using System.Text.Json;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text.HuggingFace;

/// <summary>Makes a tokenizer of a tokenizer.json, the format of Hugging Face's fast tokenizers.</summary>
internal static class TokenizerJsonLoader
{
    public const string FileName = "tokenizer.json";

    public static TokenizerParts Load(string folder, TokenizerConfig config)
    {
        string path = Path.Combine(folder, FileName);
        JsonElement root = JsonFile.TryRead(folder, FileName)!.Value;
        try
        {
            return Read(root, config, path);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException($"{path}: {e.Message.TrimEnd('.')}. A tokenizer.model beside it would be used instead.", e);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: {e.Message.TrimEnd('.')}. Copy it from the checkpoint again.", e);
        }
    }

    private static TokenizerParts Read(JsonElement root, TokenizerConfig config, string path)
    {
        PreTokenization preTokenization = PreTokenization.Read(root);
        BpeModel model = BpeModel.Read(root.Get("model") ?? throw new InvalidDataException("it has no model"));
        bool isByteLevel = preTokenization.Words is not null;
        AddedToken[] added = [.. AddedTokens(root), .. config.AddedTokens];
        List<Token> tokens = BaseTokens(model, isByteLevel);
        AddedToken.Apply(tokens, added, path);
        HideUnknown(tokens, added, model.UnknownId);
        config.MarkSpecials(tokens);
        var vocabulary = new Vocabulary(tokens);
        int? bos = config.SpecialId("bos_token", vocabulary);
        return new TokenizerParts
        {
            Vocabulary = vocabulary,
            Encoder = preTokenization.Words is { } words ? new ByteLevelEncoder(model, vocabulary, words) : new MetaspaceEncoder(model, vocabulary, preTokenization.Spaces!),
            Specials = new SpecialTokens(vocabulary, added),
            BosId = bos,
            EosId = config.SpecialId("eos_token", vocabulary),
            AddsBos = bos is { } id && (config.AddBos ?? PrependsToken(root, vocabulary[id].Piece)),
            IsByteLevel = isByteLevel,
            DropsLeadingSpace = preTokenization.Spaces is { Prefix: not PrefixScheme.Never },
        };
    }

    // Where it is declared special Hugging Face skips it with the others; elsewhere it prints its spelling.
    private static void HideUnknown(List<Token> tokens, AddedToken[] added, int id)
    {
        if (added.FirstOrDefault(token => token.IsSpecial && token.Id == id) is { } unknown) tokens[id] = Token.Literal(unknown.Content, TokenKind.Control);
    }

    private static IEnumerable<AddedToken> AddedTokens(JsonElement root)
    {
        if (root.Get("added_tokens") is not { ValueKind: JsonValueKind.Array } added) yield break;
        foreach (JsonElement entry in added.EnumerateArray()) yield return TokenizerConfig.Parse(entry.Get("id")?.GetInt32() ?? -1, entry, "added_tokens");
    }

    private static List<Token> BaseTokens(BpeModel model, bool isByteLevel)
    {
        var tokens = new List<Token>(model.Vocabulary.Count);
        foreach ((string piece, int id) in model.Vocabulary)
        {
            if (!AddedToken.IsPlausible(id)) throw new InvalidDataException($"'{piece}' has the id {id}");
            while (tokens.Count <= id) tokens.Add(Token.Gap);
            tokens[id] = ToToken(piece, model, isByteLevel);
        }
        return tokens;
    }

    private static Token ToToken(string piece, BpeModel model, bool isByteLevel)
    {
        if (piece == model.UnknownToken) return Token.Literal(piece, TokenKind.Unknown);
        if (isByteLevel) return new Token(piece, TokenKind.Normal, ByteAlphabet.Decode(piece));
        if (model.HasByteFallback && Vocabulary.TryParseByte(piece, out byte value)) return new Token(piece, TokenKind.Byte, [value]);
        return new Token(piece, TokenKind.Normal, Encoding.UTF8.GetBytes(piece.Replace(SentencePieceModel.EscapedSpace, ' ')));
    }

    // A TemplateProcessing whose single sequence begins with the token.
    private static bool PrependsToken(JsonElement root, string piece)
    {
        JsonElement? processor = root.Get("post_processor");
        IEnumerable<JsonElement> steps = processor?.Get("processors") is { } several ? several.EnumerateArray() : processor is { } one ? [one] : [];
        return steps.Any(step => step.Get("single") is { ValueKind: JsonValueKind.Array } single
            && single.EnumerateArray().FirstOrDefault().Get("SpecialToken")?.GetText("id") == piece);
    }
}
