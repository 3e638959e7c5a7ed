using Llama.Server.Parsing;
using Llama.Server.Swagger;

namespace Llama.Server.Tests;

public sealed class ShapeWordsTests
{
    [Fact]
    public void Of_EveryKindOfShape_SaysWhatItTakes()
    {
        (FieldShape Shape, string Words)[] cases =
        [
            (FieldShape.Any, "any JSON"),
            (FieldShape.Text, "string"),
            (FieldShape.OneOf("a", "b"), "`a`, `b`"),
            (new FieldShape("integer", int.MinValue, int.MaxValue), "integer"),
            (new FieldShape("integer", long.MinValue, long.MaxValue), "integer"),
            (new FieldShape("integer", 0, int.MaxValue), "integer from 0"),
            (new FieldShape("number", -2, 2), "number from −2 to 2"),
            (new FieldShape("number", 0, 1) { IsAboveMinimum = true }, "number above 0 to 1"),
            (FieldShape.ArrayOf(FieldShape.Text), "array of strings"),
            (FieldShape.ArrayOf(FieldShape.Text, 1), "array of one or more strings"),
            (FieldShape.ArrayOf(FieldShape.Text, 2), "array of at least 2 strings"),
            (FieldShape.ArrayOf(FieldShape.Text, 0, 4), "array of at most 4 strings"),
            (FieldShape.ArrayOf(FieldShape.Text, 1, 4), "array of 1 to 4 strings"),
            (FieldShape.MapOf(FieldShape.Text), "object of strings"),
            (FieldShape.ArrayOf(FieldShape.ArrayOf(new FieldShape("integer", 0))), "array of arrays of integers from 0"),
            (FieldShape.Either(FieldShape.OneOf("a"), FieldShape.Object, FieldShape.ObjectOf([])), "`a` or object"),
            (FieldShape.Either(FieldShape.Text, FieldShape.ArrayOf(FieldShape.Text)), "string or array of strings"),
        ];

        Assert.All(cases, one => Assert.Equal(one.Words, ShapeWords.Of(one.Shape)));
    }
}
