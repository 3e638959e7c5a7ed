namespace Llama.Model.Text.HuggingFace;

internal static class TokenizerJsonLoader
{
    public static TokenizerParts Load(string folder, TokenizerConfig config) => throw new NotImplementedException(folder + config.Source);
}
