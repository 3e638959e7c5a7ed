using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Json;

namespace Llama.Server.Completions;

/// <summary>Words answers as <c>text_completion</c>, whole and in chunks alike.</summary>
internal sealed class CompletionAnswerFormat(CompletionRequest request, Answers answers, AnswerHead head) : ChunkFormat(request, head, "text_completion")
{
    private readonly CompletionLogprobFormat _logprobs = new(answers.Checkpoint.Tokenizer);

    protected override bool HasStart => request.Echo || request.ReturnTokenIds;

    protected override void WriteStart(Utf8JsonWriter json, int choice)
    {
        Prompt prompt = answers.PromptOf(choice);
        BeginChunk(json);
        BeginChoice(json, choice, prompt.Echo);
        json.WriteNull("logprobs"u8);
        if (request.ReturnTokenIds)
            WriteIds(json, "prompt_token_ids"u8, prompt.Tokens);
        EndChoice(json, finishReason: null);
    }

    protected override void WriteDelta(Utf8JsonWriter json, int choice, TextStream stream)
    {
        BeginChunk(json);
        BeginChoice(json, choice, stream.Text);
        json.WritePropertyName("logprobs"u8);
        if (request.Logprobs is null)
            json.WriteNullValue();
        else
            JsonSerializer.Serialize(json, _logprobs.From(stream.Tokens), ApiJson.Web.CompletionLogprobs);
        if (request.ReturnTokenIds)
            WriteIds(json, "token_ids"u8, Ids(stream.Tokens));
        EndChoice(json, finishReason: null);
    }

    protected override void WriteFinish(Utf8JsonWriter json, int choice, string reason)
    {
        BeginChunk(json);
        BeginChoice(json, choice, "");
        json.WriteNull("logprobs"u8);
        EndChoice(json, reason);
    }

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage)
    {
        CompletionChoice[] all = [.. choices.Select(ToChoice)];
        var completion = new Completion(Head.Id, "text_completion", Head.Created, Head.Model, all, usage, Head.Fingerprint);
        JsonSerializer.Serialize(json, completion, ApiJson.Web.Completion);
    }

    private CompletionChoice ToChoice(WholeAnswer answer, int index)
    {
        Prompt prompt = answers.PromptOf(index);
        return new CompletionChoice(
            index,
            prompt.Echo + answer.Text,
            request.Logprobs is null ? null : _logprobs.From(answer.Tokens),
            answer.FinishReason,
            request.ReturnTokenIds ? prompt.Tokens : null,
            request.ReturnTokenIds ? Ids(answer.Tokens) : null);
    }

    private static void BeginChoice(Utf8JsonWriter json, int choice, ReadOnlySpan<char> text)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteString("text"u8, text);
    }

    private void EndChoice(Utf8JsonWriter json, string? finishReason)
    {
        json.WriteString("finish_reason"u8, finishReason);
        json.WriteEndObject();
        EndChoices(json);
        EndChunk(json);
    }
}
