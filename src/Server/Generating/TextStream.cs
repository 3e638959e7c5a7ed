using System.Runtime.CompilerServices;
using System.Text;
using Llama.Model;
using Llama.Model.Sampling;
using Llama.Model.Text;
using Llama.Scheduling;
using Llama.Server.Tools.Reading;

namespace Llama.Server.Generating;

/// <summary>
/// One answer as text. Each move goes on to the next piece that may be shown; the pieces concatenate to the whole text, whole characters each. A token is reported
/// with the piece that completes its text. Disposing it aborts the generation.
/// </summary>
internal sealed class TextStream(Generation generation, Tokenizer tokenizer, TextRules rules, TimeProvider clock) : IAsyncDisposable
{
    private readonly IncrementalDecoder _decoder = new(tokenizer, rules.SkipSpecialTokens, rules.AtSequenceStart, rules.CallTokenId);
    private readonly StopStrings _stops = new(rules.Stop, rules.IncludeStop);
    private readonly ToolCallReader? _calls = rules.ReadCalls?.Invoke();
    private readonly List<ToolCallPiece> _called = [];
    private readonly HeldTokens? _tokens = rules.KeepTokens ? new() : null;
    private readonly StringBuilder? _written = rules.KeepWritten ? new() : null;
    private readonly long _start = clock.GetTimestamp();
    private int _decodedLength;
    private int _decodedCount; // code points of the same text; counted only for tokens that are kept

    /// <summary>The piece; valid until the next move.</summary>
    public ReadOnlySpan<char> Text => _stops.Ready;

    /// <summary>The parts of tool calls that follow the piece; valid until the next move.</summary>
    public IReadOnlyList<ToolCallPiece> Calls => _called;

    /// <summary>Whether the answer calls a tool so far.</summary>
    public bool HasCalls { get; private set; }

    /// <summary>Whether it calls one of which the arguments are not whole.</summary>
    public bool HasPartOfCall => HasCalls && _calls!.IsInArguments;

    /// <summary>Whether there is anything to show: text, tokens or parts of calls.</summary>
    public bool HasPiece => !Text.IsEmpty || !Tokens.IsEmpty || Calls.Count > 0;

    /// <summary>The piece's tokens, when <see cref="TextRules.KeepTokens"/>; valid until the next move.</summary>
    public ReadOnlySpan<DrawnToken> Tokens => _tokens is null ? [] : _tokens.Released;

    /// <summary>All that the model wrote so far, calls and stop texts included, when <see cref="TextRules.KeepWritten"/>; else empty.</summary>
    public string Written => _written?.ToString() ?? "";

    /// <summary>Why the answer ended, on the last move.</summary>
    public FinishReason? Finish { get; private set; }

    /// <summary>Tokens drawn so far, those that print nothing included.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Time until the first token; null while there is none.</summary>
    public TimeSpan? TimeToFirstToken { get; private set; }

    /// <summary>When it went from stage to stage; null until its first token was read.</summary>
    public Milestones? Milestones => TokenCount > 0 ? generation.Milestones : null;

    /// <inheritdoc cref="Generation.IsWaiting" />
    public bool IsWaiting => generation.IsWaiting;

    /// <summary>Prompt tokens found in the cache.</summary>
    public int CachedTokenCount => generation.CachedTokenCount;

    /// <summary>The prompt's tokens from the second on, with their log-probabilities where they were asked for; there from the first move on.</summary>
    public IReadOnlyList<ScoredToken> PromptLogprobs => generation.PromptLogprobs;

    /// <summary>Goes on to the next piece or the ending; false after the ending.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> MoveNextAsync()
    {
        while (!TryMoveNext())
        {
            if (Finish is not null)
                return false;
            await WaitAsync();
        }
        return true;
    }

    /// <summary>Goes on to the next piece or the ending if that is there; false while it is not, and after the ending.</summary>
    public bool TryMoveNext()
    {
        _stops.Clear();
        _tokens?.Clear();
        _called.Clear();
        if (Finish is not null)
            return false;
        while (!HasPiece && Finish is null)
        {
            if (!generation.Events.TryRead(out GenerationEvent next))
                return false;
            Apply(next);
        }
        return true;
    }

    /// <summary>Waits for more of the answer, of which there may be nothing yet that can be shown.</summary>
    public ValueTask<bool> WaitAsync() => generation.Events.WaitToReadAsync();

    /// <summary>Ends the answer, if it has not ended; safe from any thread and more than once.</summary>
    public void Abort() => generation.Abort();

    public ValueTask DisposeAsync() => generation.DisposeAsync();

    private void Apply(GenerationEvent next)
    {
        if (next.Token is { } token)
            Add(token, isEnding: next.Finish == FinishReason.Stop && !rules.IncludeStop);
        if (_stops.IsMatched)
        {
            End(FinishReason.Stop);
            Abort();
            return;
        }
        if (next.Finish is { } finish)
            End(finish);
        else
            _tokens?.Release(ShownLength);
        if (_calls?.IsFinished == true && Finish is null)
            EndWithCall();
    }

    /// <summary>The one call that is allowed is whole: nothing that could follow would be shown.</summary>
    private void EndWithCall()
    {
        Finish = FinishReason.Stop;
        _tokens?.ReleaseAll();
        Abort();
    }

    private void Add(SampledToken token, bool isEnding)
    {
        TokenCount++;
        TimeToFirstToken ??= clock.GetElapsedTime(_start);
        bool isFirst = _decoder.IsAtStart;
        ReadOnlySpan<char> piece = isEnding ? [] : _decoder.Append(token.TokenId);
        ReadOnlySpan<char> earlier = isEnding ? [] : piece[.._decoder.EarlierLength];
        int start = _decodedLength + earlier.Length, offset = _decodedCount + CodePoints.Count(earlier);
        if (!isEnding)
            AddText(piece);
        _tokens?.Add(new DrawnToken(token, start, _decodedLength, offset, isFirst, IsText: !isEnding, isEnding));
    }

    private void AddText(ReadOnlySpan<char> piece)
    {
        _decodedLength += piece.Length;
        _written?.Append(piece);
        if (_tokens is not null)
            _decodedCount += CodePoints.Count(piece);
        if (_calls is null)
            AddContent(piece);
        else
            AddRead(_calls, piece, isEnd: false);
    }

    /// <summary>Adds what is said and called in a piece. Stop texts are looked for in what is said alone, and none reaches over a call.</summary>
    private void AddRead(ToolCallReader calls, ReadOnlySpan<char> piece, bool isEnd, bool isCutOff = false)
    {
        calls.Read(piece, isEnd, isCutOff);
        AddContent(calls.Content);
        if (calls.Pieces.Count == 0 || _stops.IsMatched)
            return;
        _stops.Release();
        _called.AddRange(calls.Pieces);
        HasCalls = true;
    }

    private void AddContent(ReadOnlySpan<char> text)
    {
        if (rules.Stop.Count == 0 || TokenCount < rules.MinTokens)
            _stops.AppendFree(text);
        else
            _stops.Append(text);
    }

    private void End(FinishReason finish)
    {
        if (!_stops.IsMatched)
            AddText(_decoder.Flush());
        if (!_stops.IsMatched && _calls is not null)
            AddRead(_calls, [], isEnd: true, isCutOff: finish is not (FinishReason.Stop or FinishReason.Completed));
        if (!_stops.IsMatched)
            _stops.Release();
        Finish = _stops.IsMatched ? FinishReason.Stop : finish;
        _tokens?.ReleaseAll(_stops.IsMatched ? ShownLength : int.MaxValue);
    }

    /// <summary>
    /// UTF-16 units of the decoded text whose tokens may be shown. Where a stop text was found, or may have begun, the text from there on may not: that is the last <c>BehindLength</c> units of what is said, and behind
    /// them whatever the reader of calls still holds.
    /// </summary>
    private int ShownLength => _decodedLength - (_stops.BehindLength == 0 ? 0 : _stops.BehindLength + (_calls?.HeldLength ?? 0));
}
