using Llama.Trainer.Tokens;

namespace Llama.Trainer.Dialogs;

/// <summary>
/// A dialog as tokens, exactly as inference makes them (Meta's generation.py): each past turn is BOS, "[INST] prompt [/INST] answer ", EOS;
/// the open turn is BOS, "[INST] prompt [/INST]", and the model writes the answer and EOS.
/// </summary>
internal sealed record Example(IReadOnlyList<int> Tokens, IReadOnlyList<Target> Targets, int LastAnswerLength)
{
    /// <summary>The tokens that the model is to write last, EOS among them.</summary>
    public IReadOnlyList<int> LastAnswer => [.. Targets.TakeLast(LastAnswerLength).Select(target => target.Token)];

    public static Example From(Dialog dialog, Tokenizer tokenizer)
    {
        List<int> tokens = [];
        List<Target> targets = [];
        int answerLength = 0;
        for (int i = 0; i < dialog.Turns.Count; i++)
        {
            Turn turn = dialog.Turns[i];
            string system = i == 0 && dialog.System is not null ? $"<<SYS>>\n{dialog.System}\n<</SYS>>\n\n" : "";
            tokens.AddRange([Tokenizer.Bos, .. tokenizer.Encode($"[INST] {system}{turn.Prompt} [/INST]")]);
            List<int> answer = tokenizer.Encode(turn.Answer);
            answerLength = answer.Count + 1; // with EOS
            for (int j = 0; j < answerLength; j++) targets.Add(new Target(tokens.Count - 1 + j, j < answer.Count ? answer[j] : Tokenizer.Eos, turn.WordIndex));
            tokens.AddRange(answer);
            // In history a space comes before EOS, though the model was right to end without it.
            if (i + 1 < dialog.Turns.Count) tokens.AddRange([.. tokenizer.Encode(""), Tokenizer.Eos]);
        }
        return new Example(tokens, targets, answerLength);
    }
}
