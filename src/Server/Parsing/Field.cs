using System.Text.Json;

namespace Llama.Server.Parsing;

/// <summary>One row of a <see cref="FieldTable{T}"/> as the API's description shows it.</summary>
internal interface IField
{
    string Name { get; }

    FieldTreatment Treatment { get; }

    FieldShape Shape { get; }

    /// <summary>What it does, or why it is refused.</summary>
    string Note { get; }

    bool IsRequired { get; }
}

/// <summary>One field of a request and what reads it.</summary>
internal sealed record Field<T>(string Name, FieldTreatment Treatment, FieldShape Shape, string Note, Action<T, FieldReader>? Read = null) : IField
{
    public bool IsRequired { get; init; }

    /// <summary>For a refused field: whether a value asks for nothing, so that refusing it would help nobody.</summary>
    public Func<JsonElement, bool> AsksNothing { get; init; } = static _ => false;

    /// <summary>The same field of a request that what is read here is a part of.</summary>
    public Field<TWhole> Of<TWhole>(Func<TWhole, T> part) => new(Name, Treatment, Shape, Note, Read is { } read ? (whole, value) => read(part(whole), value) : null)
    {
        IsRequired = IsRequired,
        AsksNothing = AsksNothing,
    };
}
