using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Json;

namespace Llama.Server.Chat;

/// <summary>Words answers as <c>chat.completion</c> and <c>chat.completion.chunk</c>.</summary>
internal sealed class ChatAnswerFormat(ChatCompletionRequest request, Answers answers, AnswerHead head) : ChunkFormat(request, head, "chat.completion.chunk")
{
    private readonly ChatLogprobFormat _logprobs = new(answers.Checkpoint.Tokenizer);

    protected override void WriteStart(Utf8JsonWriter json, int choice)
    {
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        json.WriteEndObject();
        EndChoice(json, finishReason: null);
        if (request.ReturnTokenIds)
            WriteIds(json, "prompt_token_ids"u8, answers.PromptOf(choice).Tokens);
        EndChunk(json);
    }

    protected override void WriteDelta(Utf8JsonWriter json, int choice, TextStream stream)
    {
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteString("content"u8, stream.Text);
        json.WriteEndObject();
        if (request.WantsLogprobs)
        {
            json.WritePropertyName("logprobs"u8);
            JsonSerializer.Serialize(json, _logprobs.From(stream.Tokens), ApiJson.Web.ChatLogprobs);
        }
        if (request.ReturnTokenIds)
            WriteIds(json, "token_ids"u8, Ids(stream.Tokens));
        EndChoice(json, finishReason: null);
        EndChunk(json);
    }

    protected override void WriteFinish(Utf8JsonWriter json, int choice, string reason)
    {
        BeginChunk(json);
        BeginDelta(json, choice);
        json.WriteEndObject();
        EndChoice(json, reason);
        EndChunk(json);
    }

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage)
    {
        int[]? prompt = request.ReturnTokenIds ? answers.PromptOf(0).Tokens : null;
        ChatChoice[] all = [.. choices.Select(ToChoice)];
        var completion = new ChatCompletion(Head.Id, "chat.completion", Head.Created, Head.Model, all, usage, Head.Fingerprint, prompt);
        JsonSerializer.Serialize(json, completion, ApiJson.Web.ChatCompletion);
    }

    private ChatChoice ToChoice(WholeAnswer answer, int index) => new(
        index,
        new ChatAnswerMessage("assistant", answer.Text, Refusal: null),
        request.WantsLogprobs ? _logprobs.From(answer.Tokens) : null,
        answer.FinishReason,
        request.ReturnTokenIds ? Ids(answer.Tokens) : null);

    private static void BeginDelta(Utf8JsonWriter json, int choice)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteStartObject("delta"u8);
    }

    private static void EndChoice(Utf8JsonWriter json, string? finishReason)
    {
        json.WriteString("finish_reason"u8, finishReason);
        json.WriteEndObject();
        EndChoices(json);
    }
}
