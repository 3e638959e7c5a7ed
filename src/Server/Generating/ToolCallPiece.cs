namespace Llama.Server.Generating;

/// <summary>A part of a tool call as it is streamed: first its name, then its arguments' JSON in pieces.</summary>
/// <param name="Index">Number of the call in its answer, from 0.</param>
/// <param name="Id">The call's id, on its first piece; else null.</param>
/// <param name="Name">The tool's name, on the first piece; else null.</param>
/// <param name="Arguments">More of the arguments' JSON text; empty on the first piece.</param>
internal readonly record struct ToolCallPiece(int Index, string? Id, string? Name, string Arguments);
