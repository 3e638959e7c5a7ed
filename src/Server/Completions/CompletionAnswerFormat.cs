using System.Text.Json;
using Llama.Server.Generating;
using Llama.Server.Json;

namespace Llama.Server.Completions;

/// <summary>Words answers as <c>text_completion</c>, whole and in chunks alike.</summary>
internal sealed class CompletionAnswerFormat(CompletionRequest request, Answers answers, AnswerHead head) : ChunkFormat(request, answers.Streams.Count, head, "text_completion")
{
    private readonly CompletionLogprobFormat? _logprobs =
        request.TopLogprobs is { } count ? new(answers.Checkpoint.Tokenizer, count) : null;
    private readonly PromptLogprobFormat? _promptLogprobs = request.PromptLogprobs is { } count ? new(answers.Checkpoint.Tokenizer, count) : null;

    protected override bool HasStart => request.Echo || request.ReturnTokenIds;

    protected override void WriteStart(Utf8JsonWriter json, int choice)
    {
        Prompt prompt = answers.PromptOf(choice);
        BeginChunk(json);
        BeginChoice(json, choice, prompt.Echo);
        WriteLogprobs(json, request.Echo ? Logprobs(choice, [], withPrompt: true) : null);
        if (request.ReturnTokenIds)
            WriteIds(json, "prompt_token_ids"u8, prompt.Tokens);
        EndChoice(json, ending: null);
    }

    protected override void WriteDelta(Utf8JsonWriter json, int choice, ReadOnlySpan<char> text, ReadOnlySpan<DrawnToken> tokens)
    {
        BeginChunk(json);
        BeginChoice(json, choice, text);
        WriteLogprobs(json, Logprobs(choice, tokens, withPrompt: false));
        if (request.ReturnTokenIds)
            WriteIds(json, "token_ids"u8, Ids(tokens));
        EndChoice(json, ending: null);
    }

    protected override void WriteFinish(Utf8JsonWriter json, int choice, AnswerEnding ending)
    {
        BeginChunk(json);
        BeginChoice(json, choice, "");
        json.WriteNull("logprobs"u8);
        EndChoice(json, ending);
    }

    public override void WriteWhole(Utf8JsonWriter json, IReadOnlyList<WholeAnswer> choices, Usage usage)
    {
        IEnumerable<int> shown = request.IsRanked ? AnswerRanking.Best(choices, request.AnswersPerPrompt, request.N) : Enumerable.Range(0, choices.Count);
        CompletionChoice[] all = [.. shown.Select((made, index) => ToChoice(choices[made], made, index))];
        var completion = new Completion(Head.Id, "text_completion", Head.Created, Head.Model, all, usage, Head.Fingerprint);
        JsonSerializer.Serialize(json, completion, ApiJson.Web.Completion);
    }

    /// <param name="answer">The answer.</param>
    /// <param name="made">Its number among those made.</param>
    /// <param name="index">Its number among those shown.</param>
    private CompletionChoice ToChoice(WholeAnswer answer, int made, int index)
    {
        Prompt prompt = answers.PromptOf(made);
        return new CompletionChoice(
            index,
            prompt.Echo + answer.Text,
            Logprobs(made, answer.Tokens, withPrompt: request.Echo),
            answer.Ending.Spelled(),
            request.ReturnTokenIds ? prompt.Tokens : null,
            request.ReturnTokenIds ? Ids(answer.Tokens) : null,
            _promptLogprobs?.From(answers.Streams[made].PromptLogprobs));
    }

    private CompletionLogprobs? Logprobs(int choice, ReadOnlySpan<DrawnToken> tokens, bool withPrompt)
    {
        if (_logprobs is null)
            return null;
        var columns = new LogprobColumns();
        Prompt prompt = answers.PromptOf(choice);
        if (withPrompt)
            _logprobs.AddPrompt(columns, prompt.Tokens, answers.Streams[choice].PromptLogprobs, request.EchoSkipsSpecial(request.Prompts[choice / request.AnswersPerPrompt]));
        _logprobs.AddAnswer(columns, tokens, start: CodePoints.Count(prompt.Echo));
        return columns.ToLogprobs();
    }

    private static void WriteLogprobs(Utf8JsonWriter json, CompletionLogprobs? logprobs)
    {
        json.WritePropertyName("logprobs"u8);
        if (logprobs is null)
            json.WriteNullValue();
        else
            JsonSerializer.Serialize(json, logprobs, ApiJson.Web.CompletionLogprobs);
    }

    private static void BeginChoice(Utf8JsonWriter json, int choice, ReadOnlySpan<char> text)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        json.WriteString("text"u8, text);
    }

    private void EndChoice(Utf8JsonWriter json, AnswerEnding? ending)
    {
        json.WriteString("finish_reason"u8, ending?.Spelled());
        json.WriteEndObject();
        EndChoices(json);
        EndChunk(json);
    }
}
