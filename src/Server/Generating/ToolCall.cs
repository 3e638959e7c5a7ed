using System.Runtime.InteropServices;
using System.Text;

namespace Llama.Server.Generating;

/// <summary>A whole call of a tool by the model.</summary>
/// <param name="Id">What the tool's result refers to.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">Its arguments: the text of a JSON object.</param>
internal sealed record ToolCall(string Id, string Name, string Arguments)
{
    /// <summary>Puts streamed pieces together.</summary>
    public static IReadOnlyList<ToolCall> Join(List<ToolCallPiece> pieces)
    {
        var calls = new List<(string Id, string Name, StringBuilder Arguments)>();
        foreach (ref readonly ToolCallPiece piece in CollectionsMarshal.AsSpan(pieces))
        {
            if (piece.Name is not null)
                calls.Add((piece.Id!, piece.Name, new StringBuilder()));
            calls[piece.Index].Arguments.Append(piece.Arguments);
        }
        return [.. calls.Select(call => new ToolCall(call.Id, call.Name, call.Arguments.ToString()))];
    }
}
