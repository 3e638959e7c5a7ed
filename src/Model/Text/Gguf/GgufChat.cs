using System.Text.Json;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Text.HuggingFace;
using Llama.Model.Text.SentencePiece;

namespace Llama.Model.Text.Gguf;

/// <summary>Writes what a checkpoint says about conversations and their end as metadata: templates, special tokens, sampling defaults.</summary>
internal static class GgufChat
{
    /// <param name="metadata">Where the keys go.</param>
    /// <param name="checkpoint">The folder.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="remarks">What the file cannot say.</param>
    public static void Add(GgufMetadata metadata, Checkpoint checkpoint, Tokenizer tokenizer, List<string> remarks)
    {
        ChatTemplates templates = ChatTemplates.Of(checkpoint.Folder, tokenizer);
        if (templates.Chat is { } chat) metadata.Add(GgufText.ChatTemplateKey, chat);
        if (templates.Tools is { } tools) metadata.Add(GgufText.ToolTemplateKey, tools);
        AddSpecials(metadata, tokenizer, templates, checkpoint.Config, remarks);
        AddSampling(metadata, checkpoint.Folder);
        if (tokenizer.Parts.Encoder is SentencePieceEncoder { Spaces.Prefix: PrefixScheme.First, Model.Normalizer.AddDummyPrefix: true })
            remarks.Add("Text behind a special token begins with a space there, as GGUF has it; in the folder only the start of a prompt does.");
        remarks.AddRange(tokenizer.Parts.Specials.Stripping.Select(token => $"{token.Content} swallows white space beside it in chat templates, which GGUF cannot say."));
    }

    private static void AddSpecials(GgufMetadata metadata, Tokenizer tokenizer, ChatTemplates templates, LlamaConfig config, List<string> remarks)
    {
        AddId("bos", tokenizer.BosId);
        AddId("unknown", IdOf("unk_token"));
        AddId("padding", IdOf("pad_token"));
        int[] ends = [.. (tokenizer.EosId is { } eos ? new[] { eos } : []).Concat(config.EosTokenIds).Distinct()];
        foreach ((string purpose, int id) in ((string[])["eos", "eot", "eom"]).Zip(ends)) AddId(purpose, id);
        if (ends.Length > 3) remarks.Add($"Of the {ends.Length} tokens that end an answer GGUF takes three; left out: {string.Join(", ", ends[3..].Select(tokenizer.Piece))}.");

        void AddId(string purpose, int? id)
        {
            if (id is { } known) metadata.Add($"{GgufText.Prefix}{purpose}_token_id", known);
        }

        int? IdOf(string name) => templates.SpecialToken(name) is { } piece && tokenizer.TryGetId(piece, out int id) && id < config.VocabSize ? id : null;
    }

    private static void AddSampling(GgufMetadata metadata, string folder)
    {
        if (GenerationConfig.Read(folder, out _) is not { } text) return;
        using JsonDocument json = JsonDocument.Parse(text);
        bool isGreedy = json.RootElement.TryGetProperty("do_sample", out JsonElement sample) && sample.ValueKind == JsonValueKind.False;
        foreach ((string name, string key) in GenerationConfig.Numbers)
        {
            if (isGreedy && name == "temperature") metadata.Add(key, 0.0);
            else if (json.RootElement.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number)
            {
                if (name == "top_k") metadata.Add(key, value.GetInt32());
                else metadata.Add(key, value.GetDouble());
            }
        }
    }
}
