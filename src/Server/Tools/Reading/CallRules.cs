namespace Llama.Server.Tools.Reading;

/// <summary>What a reader must know of the request.</summary>
/// <param name="Callable">Names of the tools that may be called; a call of any other is text.</param>
/// <param name="IsParallel">Whether the answer may hold several calls; else it ends with the first.</param>
/// <param name="IsForced">Whether the answer is calls and nothing else.</param>
/// <param name="HidesMarker">Whether the text that begins calls is a control token, which is never shown as text.</param>
internal sealed record CallRules(IReadOnlySet<string> Callable, bool IsParallel, bool IsForced, bool HidesMarker);
