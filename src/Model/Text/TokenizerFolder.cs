using Llama.Model.Text.Gguf;
using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text;

/// <summary>Finds out which tokenizer a checkpoint holds.</summary>
internal static class TokenizerFolder
{
    public static TokenizerParts Read(string folder)
    {
        if (GgufText.Open(folder) is { } gguf)
        {
            using (gguf) return GgufTokenizer.Load(gguf);
        }
        string model = Path.Combine(folder, "tokenizer.model"), json = Path.Combine(folder, "tokenizer.json");
        if (File.Exists(model)) return SentencePieceLoader.Load(model, TokenizerConfig.Read(folder));
        if (File.Exists(json)) return TokenizerJsonLoader.Load(folder, TokenizerConfig.Read(folder));
        throw new FileNotFoundException($"No tokenizer in {Path.GetFullPath(folder)}: neither tokenizer.model (SentencePiece) nor tokenizer.json (Hugging Face) is there. "
            + "Copy one of them from the checkpoint, or point Model:Path at a complete checkpoint folder.");
    }
}
