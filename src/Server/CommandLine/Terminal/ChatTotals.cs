using System.Globalization;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>The figures of all answers so far.</summary>
internal sealed class ChatTotals
{
    private int _answers, _failed, _prompt, _cached, _output;
    private TimeSpan _time;

    public void Add(Answer answer)
    {
        _answers++;
        _failed += answer.Fault is null ? 0 : 1;
        _prompt += answer.PromptTokens ?? 0;
        _cached += answer.CachedTokens ?? 0;
        _output += answer.OutputTokens ?? 0;
        _time += answer.Total;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{_answers} answers, {_failed} of them failed; {_output} tokens in {_time.TotalSeconds:F1} s; prompts {_prompt} tokens, {_cached} of them cached");
}
