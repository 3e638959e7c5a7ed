namespace Llama.Trainer.Dialogs;

/// <summary>The token that must follow a position; <paramref name="WordIndex"/> is the word being defined there, or -1.</summary>
internal readonly record struct Target(int Position, int Token, int WordIndex);
