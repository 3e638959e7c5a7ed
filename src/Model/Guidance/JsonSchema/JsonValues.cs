using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>JSON values of any kind.</summary>
/// <remarks>
/// A context-free grammar cannot remember which names an object has used, so a name may come twice where no schema gives the names. RFC 8259 leaves that to readers;
/// System.Text.Json, Newtonsoft.Json, JavaScript and Python keep the last, which any value here may be.
/// </remarks>
internal sealed class JsonValues
{
    /// <summary>Readers stop at a depth: System.Text.Json and Newtonsoft.Json at 64. What is around a value needs part of that.</summary>
    private const int MaxDepth = 32;

    private readonly JsonLayout _layout;

    public JsonValues(JsonLayout layout)
    {
        _layout = layout;
        AnyString = new Reference(new Rule("any string") { Body = JsonText.AnyString });
        Expression scalar = OneOf(Exact("null"), Exact("true"), Exact("false"), JsonText.AnyNumber, AnyString);
        Any = scalar;
        AnyArray = layout.Array(Expression.Empty, canBeEmpty: false);
        AnyObject = layout.Object(Expression.Empty, canBeEmpty: false);
        for (int depth = 1; depth <= MaxDepth; depth++) // from the innermost outwards
        {
            AnyArray = Named("array", depth, layout.Array(List(Any), canBeEmpty: true));
            AnyObject = Named("object", depth, layout.Object(List(Sequence(JsonText.AnyName, layout.Colon, Any)), canBeEmpty: true));
            Any = Named("value", depth, OneOf(scalar, AnyArray, AnyObject));
        }
    }

    public Expression Any { get; }

    public Expression AnyString { get; }

    public Expression AnyArray { get; }

    public Expression AnyObject { get; }

    private Expression List(Expression item) => Sequence(item, Many(Sequence(_layout.Comma, item)));

    private static Reference Named(string kind, int depth, Expression body) => new(new Rule($"any {kind} {depth}") { Body = body });
}
