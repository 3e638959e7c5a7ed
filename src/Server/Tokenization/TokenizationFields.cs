using Llama.Server.Chat;
using Llama.Server.Parsing;

namespace Llama.Server.Tokenization;

/// <summary>Every field of <c>/tokenize</c> and <c>/detokenize</c>.</summary>
internal static class TokenizationFields
{
    private const string ModelNote = "Id or alias of the served model.";

    public static FieldTable<TokenizeRequest> Tokenize { get; } = new FieldTable<TokenizeRequest>()
        .Text("model", (r, v) => r.Model = v, ModelNote)
        .Text("prompt", (r, v) => r.Prompt = v, "The text; or give `messages`.")
        .Flag("add_special_tokens", (r, v) => r.AddSpecialTokens = v, "Begin a text with BOS. Default: true.")
        .Flag("return_token_strs", (r, v) => r.ReturnTokenStrings = v, "Add the vocabulary's spelling of each token.")
        .AddConversation(messagesRequired: false);

    public static FieldTable<DetokenizeRequest> Detokenize { get; } = new FieldTable<DetokenizeRequest>()
        .Text("model", (r, v) => r.Model = v, ModelNote)
        .Custom("tokens", FieldShape.ArrayOf(new FieldShape("integer", 0)), (r, v) => r.Tokens = v.Ints(0, int.MaxValue), "The token ids.", required: true);
}
