namespace Llama.Trainer.Dialogs;

/// <summary>One question and its answer; <paramref name="WordIndex"/> is the dictionary word the answer defines, or -1.</summary>
internal sealed record Turn(string Prompt, string Answer, int WordIndex = -1);
