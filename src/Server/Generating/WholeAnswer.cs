using System.Text;

namespace Llama.Server.Generating;

/// <summary>One answer read to its end.</summary>
/// <param name="Text">All of its text.</param>
/// <param name="Calls">The tools it calls.</param>
/// <param name="Tokens">All of its tokens, when they were asked for.</param>
/// <param name="Ending">Why it ended, which was well.</param>
internal sealed record WholeAnswer(string Text, IReadOnlyList<ToolCall> Calls, DrawnToken[] Tokens, AnswerEnding Ending)
{
    /// <summary>Where in the text each call stands.</summary>
    public IReadOnlyList<int> CallPlaces { get; init; } = [];

    /// <summary>Reads a stream to its end; null when it ended badly, which <see cref="AnswerEndings"/> then explains.</summary>
    public static async Task<WholeAnswer?> ReadAsync(TextStream stream)
    {
        var text = new StringBuilder();
        var calls = new List<ToolCallPiece>();
        var places = new List<int>();
        var tokens = new List<DrawnToken>();
        while (await stream.MoveNextAsync())
        {
            text.Append(stream.Text);
            calls.AddRange(stream.Calls);
            places.AddRange(stream.Calls.Where(piece => piece.Name is not null).Select(_ => text.Length));
            tokens.AddRange(stream.Tokens);
        }
        AnswerEnding ending = stream.Ending();
        return ending is AnswerEnding.Error or AnswerEnding.Abort ? null : new WholeAnswer(text.ToString(), ToolCall.Join(calls), [.. tokens], ending) { CallPlaces = places };
    }
}
