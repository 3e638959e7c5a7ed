namespace Llama.Server.Tools.Reading;

/// <summary>What stands around calls that are JSON objects.</summary>
/// <param name="Marker">Begins calls, anywhere in the answer.</param>
/// <param name="Open">Stands before the first object; empty for nothing.</param>
/// <param name="Separator">Stands between objects; empty where each has a marker of its own.</param>
/// <param name="Close">Stands behind the last object; empty for nothing.</param>
/// <param name="MayBeBare">Whether an answer may begin with calls without the marker.</param>
internal sealed record JsonCallSyntax(string Marker, string Open, string Separator, string Close, bool MayBeBare)
{
    /// <summary>What an answer without a marker begins with.</summary>
    public char FirstBare => Open.Length > 0 ? Open[0] : '{';
}
