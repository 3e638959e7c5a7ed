using System.Diagnostics.CodeAnalysis;

namespace Llama.Model.Text;

/// <summary>Text to token ids and back, equal to the checkpoint's reference tokenizer on every input. Immutable and safe to share between threads.</summary>
public sealed class Tokenizer
{
    private Tokenizer() { }

    /// <summary>Loads the tokenizer of a checkpoint folder.</summary>
    public static Tokenizer Load(string folder) => throw new NotImplementedException(folder);

    /// <summary>Number of token ids.</summary>
    public int VocabSize => throw new NotImplementedException();

    /// <summary>Begin-of-sequence token, if the model has one.</summary>
    public int? BosId => throw new NotImplementedException();

    /// <summary>End-of-sequence token, if the model has one.</summary>
    public int? EosId => throw new NotImplementedException();

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any UTF-16 text; lone surrogates become U+FFFD.</param>
    /// <param name="addBos">Whether to begin with <see cref="BosId"/>.</param>
    /// <param name="parseSpecial">Whether the spelling of a special token (such as <c>&lt;/s&gt;</c>) becomes that token; never for users' text.</param>
    public int[] Encode(string text, bool addBos = false, bool parseSpecial = false) => throw new NotImplementedException();

    /// <summary>Decodes whole token sequences; invalid UTF-8 becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true) => throw new NotImplementedException();

    /// <summary>The bytes a token stands for inside a text: its UTF-8 with spaces as spaces, one byte for a byte-fallback token, its spelling for a special token.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => throw new NotImplementedException();

    /// <summary>Whether the token is a control token such as BOS or EOS.</summary>
    public bool IsSpecial(int id) => throw new NotImplementedException();

    /// <summary>The vocabulary's own spelling of a token, e.g. <c>▁the</c> or <c>&lt;0x0A&gt;</c>.</summary>
    public string Piece(int id) => throw new NotImplementedException();

    /// <summary>Finds a token by its spelling in the vocabulary.</summary>
    public bool TryGetId(string piece, [NotNullWhen(true)] out int id) => throw new NotImplementedException();
}
