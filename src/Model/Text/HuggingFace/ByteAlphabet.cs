using System.Text;

namespace Llama.Model.Text.HuggingFace;

/// <summary>The letters by which byte-level vocabularies spell bytes (GPT-2's <c>bytes_to_unicode</c>): printable Latin-1 is itself, the rest follows from U+0100 on.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly Dictionary<char, byte> Bytes = Letters.Select((letter, value) => (letter, value)).ToDictionary(x => x.letter, x => (byte)x.value);

    public static string LetterOf(int value) => Letters[value].ToString();

    /// <summary>The bytes that a piece stands for; one that is not spelled in the alphabet stands for its own UTF-8.</summary>
    public static byte[] Decode(string piece) =>
        piece.All(Bytes.ContainsKey) ? [.. piece.Select(letter => Bytes[letter])] : Encoding.UTF8.GetBytes(piece);

    private static char[] MakeLetters()
    {
        int next = 0x100;
        return [.. Enumerable.Range(0, 256).Select(value => (char)(value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? value : next++))];
    }
}
