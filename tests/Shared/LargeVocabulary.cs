using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Llama.Model.Text;

namespace Llama.Tests.Shared;

/// <summary>
/// A tokenizer of Llama 2's size, 32,000 pieces, for measuring: the demo model's with made-up words, numerals, punctuation and characters of other scripts
/// added in about Llama 2's proportions. Protocol buffers allow it: repeated fields of a file that is appended to are appended.
/// </summary>
public static class LargeVocabulary
{
    public const int Size = 32_000;

    private static readonly string[] Syllables = ["an", "ber", "co", "der", "es", "for", "ing", "ja", "ka", "lo", "ment", "no", "or", "pre", "qua", "ri", "sch", "ter", "ul", "ve"];

    public static Tokenizer Load()
    {
        using TempFolder folder = new("llama-vocabulary-");
        File.Copy(Path.Combine(Here(), "..", "..", "models", "llama-2-wordnet-8m", "tokenizer.model"), folder.In("tokenizer.model"));
        int known = Tokenizer.Load(folder.Path).VocabSize;
        using (FileStream file = File.Open(folder.In("tokenizer.model"), FileMode.Append))
        {
            foreach (string piece in MadeUpPieces().Take(Size - known)) file.Write(Field(piece, -known));
        }
        return Tokenizer.Load(folder.Path);
    }

    private static IEnumerable<string> MadeUpPieces()
    {
        var random = new Random(32_000);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            string piece = random.Next(20) switch
            {
                < 9 => "▁" + Word(random),
                < 15 => Word(random),
                15 => new string("(){}[]<>=;:,.\"'\\/_-"[random.Next(19)], random.Next(1, 3)) + "\"',;:)"[random.Next(6)],
                16 => new string(' ', random.Next(2, 16)).Replace(' ', '▁'),
                17 => Letters(random, 0x430, 0x44F, 5),
                18 => Letters(random, 0x4E00, 0x9FA5, 1),
                _ => char.ToUpperInvariant(Syllables[random.Next(20)][0]) + Word(random),
            };
            if (seen.Add(piece)) yield return piece;
        }
    }

    private static string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => Syllables[random.Next(Syllables.Length)]));

    private static string Letters(Random random, int first, int last, int most) =>
        string.Concat(Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => (char)random.Next(first, last + 1)));

    // ModelProto.pieces = 1, of SentencePiece.piece = 1 and .score = 2.
    private static byte[] Field(string piece, float score)
    {
        byte[] text = Encoding.UTF8.GetBytes(piece), number = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(number, score);
        return [0x0A, (byte)(text.Length + 7), 0x0A, (byte)text.Length, .. text, 0x15, .. number];
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
