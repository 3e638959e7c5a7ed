using Llama.Model.Guidance;

namespace Llama.Server.Tools.Formats;

/// <summary>A tool that can be called and what its arguments' JSON must look like.</summary>
internal sealed record CallGrammar(string Name, Grammar Arguments);
