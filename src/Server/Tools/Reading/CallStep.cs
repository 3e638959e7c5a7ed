namespace Llama.Server.Tools.Reading;

/// <summary>What a character of a call's object tells.</summary>
internal enum CallStep
{
    /// <summary>Nothing new.</summary>
    Undecided,

    /// <summary>The object is a call: its name and the beginning of its arguments are there.</summary>
    Begun,

    /// <summary>The character is part of the arguments.</summary>
    Argument,

    /// <summary>The object ends here.</summary>
    Closed,

    /// <summary>The object is a call without arguments and ends here.</summary>
    BegunAndClosed,

    /// <summary>The object is no call, or is broken behind its arguments.</summary>
    Failed,
}
