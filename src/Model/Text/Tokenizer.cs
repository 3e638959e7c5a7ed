using System.Diagnostics.CodeAnalysis;
using System.Text;
using Llama.Model.Checkpoints;
using Llama.Model.Text.Bpe;
using Llama.Model.Text.Gguf;
using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text;

/// <summary>Text to token ids and back, equal to the checkpoint's reference tokenizer on every input. Immutable and safe to share between threads.</summary>
public sealed class Tokenizer
{
    private readonly Vocabulary _vocabulary;

    private Tokenizer(TokenizerParts parts) => (Parts, _vocabulary) = (parts, parts.Vocabulary);

    /// <summary>Loads the tokenizer of a checkpoint: a folder's <c>tokenizer.model</c> (SentencePiece BPE), else its <c>tokenizer.json</c> (Hugging Face), or the one inside a GGUF file.</summary>
    /// <exception cref="FileNotFoundException">The folder has neither.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the files do not belong together.</exception>
    /// <exception cref="NotSupportedException">The tokenizer is of a kind not supported; the message names it.</exception>
    /// <exception cref="CheckpointException">The GGUF file is damaged.</exception>
    public static Tokenizer Load(string checkpoint) => new(Read(checkpoint));

    /// <summary>Number of token ids.</summary>
    public int VocabSize => _vocabulary.Count;

    /// <summary>Begin-of-sequence token, if the model has one.</summary>
    public int? BosId => Parts.BosId;

    /// <summary>End-of-sequence token, if the model has one.</summary>
    public int? EosId => Parts.EosId;

    /// <summary>Whether the checkpoint wants plain prompts to begin with <see cref="BosId"/>.</summary>
    public bool AddsBos => Parts.AddsBos;

    internal TokenizerParts Parts { get; }

    /// <summary>The same, but where a <c>tokenizer.model</c> has a dummy prefix, it stands behind every special token too, as in Meta's reference.</summary>
    internal Tokenizer PrefixingAll() => Parts.Encoder is SentencePieceEncoder { Spaces.Prefix: PrefixScheme.First } pieces ? new Tokenizer(Parts with { Encoder = pieces.PrefixingAll() }) : this;

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any UTF-16 text; lone surrogates become U+FFFD.</param>
    /// <param name="addBos">Whether to begin with <see cref="BosId"/>; a text that spells it itself gets no second one.</param>
    /// <param name="parseSpecial">Whether the spelling of a special token (such as <c>&lt;/s&gt;</c>) becomes that token; never for users' text.</param>
    public int[] Encode(string text, bool addBos = false, bool parseSpecial = false) =>
        Encode(parseSpecial ? PromptText.Trusted(text) : PromptText.Untrusted(text), addBos);

    /// <summary>Encodes text of mixed origin: special tokens are found where the text is trusted and nowhere else.</summary>
    internal int[] Encode(PromptText text, bool addBos)
    {
        var ids = new PooledList<int>(text.Length / 2 + 2);
        if (addBos && BosId is { } bos) ids.Add(bos);
        int done = 0;
        foreach (Range range in text.TrustedRanges) done = EncodeThrough(text.Text, done, range, ref ids);
        if (done < text.Length) Parts.Encoder.Encode(text.Text.AsSpan(done), done == 0, ref ids);
        bool isDoubled = addBos && BosId is { } first && ids.Count > 1 && ids.Items[0] == first && ids.Items[1] == first;
        int[] result = ids.Items[(isDoubled ? 1 : 0)..].ToArray();
        ids.Dispose();
        return result;
    }

    /// <summary>Decodes whole token sequences; invalid UTF-8 becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        var decoder = new IncrementalDecoder(this, skipSpecialTokens);
        var text = new StringBuilder(ids.Length * 4);
        foreach (int id in ids) text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>The bytes a token stands for inside a text: its UTF-8 with spaces as spaces, one byte for a byte-fallback token, its spelling for a special token.
    /// None for an id beyond the vocabulary.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => _vocabulary.BytesOf(id);

    /// <summary>Whether the token is a control token such as BOS or EOS.</summary>
    public bool IsSpecial(int id) => _vocabulary.KindOf(id) == TokenKind.Control;

    /// <summary>The vocabulary's own spelling of a token, e.g. <c>▁the</c> or <c>&lt;0x0A&gt;</c>; empty for an id beyond the vocabulary.</summary>
    public string Piece(int id) => _vocabulary.Contains(id) ? _vocabulary[id].Piece : "";

    /// <summary>Finds a token by its spelling in the vocabulary.</summary>
    public bool TryGetId(string piece, [NotNullWhen(true)] out int id) => _vocabulary.TryGetId(piece, out id);

    private static TokenizerParts Read(string checkpoint)
    {
        if (GgufText.Open(checkpoint) is { } gguf)
        {
            using (gguf) return GgufTokenizer.Load(gguf);
        }
        string model = Path.Combine(checkpoint, "tokenizer.model"), json = Path.Combine(checkpoint, TokenizerJsonLoader.FileName);
        if (File.Exists(model)) return SentencePieceLoader.Load(model, TokenizerConfig.Read(checkpoint));
        if (File.Exists(json)) return TokenizerJsonLoader.Load(checkpoint, TokenizerConfig.Read(checkpoint));
        throw new FileNotFoundException($"No tokenizer in {Path.GetFullPath(checkpoint)}: neither tokenizer.model (SentencePiece) nor tokenizer.json (Hugging Face) is there. "
            + "Copy one of them from the checkpoint, or point Model:Path at a complete checkpoint folder.");
    }

    // Encodes up to and with the last special token of a trusted stretch; returns how far the text is done.
    private int EncodeThrough(string text, int done, Range trusted, ref PooledList<int> ids)
    {
        int from = Math.Clamp(done, trusted.Start.Value, trusted.End.Value);
        while (Parts.Specials.TryFind(text.AsSpan(from..trusted.End.Value), out int position, out AddedToken? token))
        {
            ReadOnlySpan<char> plain = text.AsSpan(done..(from + position));
            if (token!.StripsLeft) plain = plain.TrimEnd();
            if (!plain.IsEmpty) Parts.Encoder.Encode(plain, done == 0, ref ids);
            ids.Add(token.Id);
            from += position + token.Content.Length;
            done = token.StripsRight ? text.Length - text.AsSpan(from).TrimStart().Length : from;
            from = Math.Min(done, trusted.End.Value);
        }
        return done;
    }
}
