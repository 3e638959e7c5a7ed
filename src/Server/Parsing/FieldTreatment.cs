namespace Llama.Server.Parsing;

/// <summary>What becomes of a request field. There is no fourth case: a field is never ignored silently.</summary>
internal enum FieldTreatment
{
    /// <summary>It changes the answer.</summary>
    Honoured,

    /// <summary>It is checked, and has no effect because none is possible.</summary>
    Accepted,

    /// <summary>Refused by name, unless its value asks for nothing (such as <c>tools: []</c>).</summary>
    Refused,
}
