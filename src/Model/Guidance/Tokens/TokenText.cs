namespace Llama.Model.Guidance.Tokens;

/// <summary>What a token prints.</summary>
internal readonly record struct TokenText(int Id, byte[] Bytes);
