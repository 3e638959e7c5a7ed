namespace Llama.Server.Tools.Reading;

/// <summary>What becomes of the characters that a reader holds.</summary>
internal enum Verdict
{
    /// <summary>More must be seen.</summary>
    Hold,

    /// <summary>All of them are text.</summary>
    Text,

    /// <summary>They are part of a call and said otherwise.</summary>
    Syntax,

    /// <summary>They begin no call: the first is text, the others may begin another.</summary>
    NoCall,

    /// <summary>The reader takes them otherwise from here on, and reads them anew.</summary>
    Again,
}
