namespace Llama.Server.Watching;

/// <summary>The engine at one moment: the data of an event of <c>/engine/events</c>. Without <c>counts</c> and what follows while there is no engine, or while a step takes long.</summary>
/// <param name="Status">As <c>/health</c> says it.</param>
/// <param name="Time">Unix time in milliseconds.</param>
/// <param name="Counts">Counts of this moment.</param>
/// <param name="Totals">Sums since the engine began; differences of two events tell of the time between.</param>
/// <param name="Steps">Steps run since the event before, oldest first; of more than 512 the first.</param>
/// <param name="Requests">Running sequences, then waiting ones; of more than 512 the first. A request for several answers has one for each.</param>
/// <param name="Blocks">The pool of KV blocks.</param>
public sealed record EngineView(
    string Status, long Time, EngineCounts? Counts, SumsView? Totals, IReadOnlyList<StepView> Steps, IReadOnlyList<SequenceView> Requests, BlocksView? Blocks)
{
    /// <summary>The same without whose each request is.</summary>
    internal EngineView Nameless => this with { Requests = [.. Requests.Select(request => request with { Id = null, Key = null })] };
}

/// <summary>Sums since the engine began.</summary>
/// <param name="PromptTokens">Prompt tokens of admitted requests.</param>
/// <param name="CachedTokens">Those of them that were found in the cache.</param>
/// <param name="GeneratedTokens">Tokens generated.</param>
/// <param name="Ended">Sequences ended, well or not.</param>
/// <param name="Preemptions">Times a running sequence gave up its blocks.</param>
/// <param name="FirstTokens">First tokens.</param>
/// <param name="FirstTokenSeconds">From submission to each first token, together.</param>
/// <param name="LaterTokenSeconds">From each further token's predecessor to it, together.</param>
public sealed record SumsView(
    long PromptTokens, long CachedTokens, long GeneratedTokens, long Ended, long Preemptions, long FirstTokens, double FirstTokenSeconds, double LaterTokenSeconds);

/// <summary>What one step computed.</summary>
/// <param name="PromptTokens">Tokens of prompts.</param>
/// <param name="DecodeTokens">Tokens behind prompts.</param>
/// <param name="Sequences">Sequences in it.</param>
/// <param name="Milliseconds">Time that the model took.</param>
public sealed record StepView(int PromptTokens, int DecodeTokens, int Sequences, double Milliseconds);

/// <summary>One sequence.</summary>
/// <param name="Number">Its number in this engine; never used again.</param>
/// <param name="Id">The request's <c>x-request-id</c>; null for one from within the process, and where the watcher is not told whose requests are.</param>
/// <param name="Key">Whose key it came with; null on a server without keys, and where the watcher is not told.</param>
/// <param name="Phase"><c>waiting</c>, <c>attached</c> (another sequence of its request computes the prompt), <c>preempted</c>, <c>prefilling</c> or <c>decoding</c>.</param>
/// <param name="PromptTokens">Tokens of its prompt.</param>
/// <param name="CachedTokens">Those of them that were found in the cache.</param>
/// <param name="ComputedTokens">Tokens whose keys and values are computed.</param>
/// <param name="GeneratedTokens">Tokens of its answer so far.</param>
/// <param name="MaxTokens">Most tokens of its answer.</param>
/// <param name="AgeSeconds">Time since it was submitted.</param>
public sealed record SequenceView(
    long Number, string? Id, string? Key, string Phase, int PromptTokens, int CachedTokens, int ComputedTokens, int GeneratedTokens, int MaxTokens, double AgeSeconds);

/// <summary>The pool of KV blocks as cells of one or more blocks each.</summary>
/// <param name="BlocksPerCell">Blocks of one cell.</param>
/// <param name="TouchedBlocks">Blocks that the cells show; those behind them were never used.</param>
/// <param name="Cells">
/// Runs of equal cells: how many, then of each the blocks held, those of them that several hold, those kept for their prefixes, the number of holders, and the first of
/// these as places in <c>requests</c>.
/// </param>
public sealed record BlocksView(int BlocksPerCell, int TouchedBlocks, IReadOnlyList<IReadOnlyList<int>> Cells);
