namespace Llama.Server.Parsing;

/// <summary>What the parsing helpers of OpenAI's clients add to an answer, and send when it is given back as it came.</summary>
internal static class ParsedByClients
{
    private static readonly FieldShape Shape = FieldShape.Either(FieldShape.Object, FieldShape.ArrayOf(FieldShape.Any), FieldShape.Text, new("number"), FieldShape.Flag);

    /// <summary>Accepts it under a name, whatever it is: schemas need not describe an object, and clients may make something else of it.</summary>
    public static FieldTable<T> AcceptParsed<T>(this FieldTable<T> fields, string name) =>
        fields.Accept(name, Shape, _ => { }, "What OpenAI's clients read out of the text beside it, which alone counts.");
}
