using System.Text;

namespace Llama.Server.Generating;

/// <summary>One answer read to its end.</summary>
/// <param name="Text">All of its text.</param>
/// <param name="Tokens">All of its tokens, when they were asked for.</param>
/// <param name="FinishReason">Why it ended.</param>
internal sealed record WholeAnswer(string Text, DrawnToken[] Tokens, string FinishReason)
{
    /// <summary>Reads a stream to its end; null when it ended badly, which <see cref="Ending"/> then explains.</summary>
    public static async Task<WholeAnswer?> ReadAsync(TextStream stream)
    {
        var text = new StringBuilder();
        var tokens = new List<DrawnToken>();
        while (await stream.MoveNextAsync())
        {
            text.Append(stream.Text);
            tokens.AddRange(stream.Tokens);
        }
        return stream.IsAbandoned() || stream.Failure() is not null ? null : new WholeAnswer(text.ToString(), [.. tokens], Ending.Name(stream.Finish!.Value));
    }
}
