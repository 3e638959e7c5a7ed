using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Names and addresses of networks, and other codes: the forms in common use, within what every validator takes.</summary>
internal static class NetworkFormats
{
    private static readonly Expression Hex = AnyOf("0123456789abcdef");

    private static readonly Expression Letter = Range('a', 'z');

    private static readonly CharacterClass LetterOrDigit = new(CodePointSet.Range('a', 'z').Union(CodePointSet.Range('A', 'Z')).Union(CodePointSet.Range('0', '9')));

    // Words joined by single hyphens: double ones announce encoded names, which validators decode.
    private static readonly Expression Label = JoinedBy("-", 3, Repeat(LetterOrDigit, 1, 12));

    public static Expression Uuid { get; } = Sequence(Repeat(Hex, 8, 8), Repeat(Sequence(Exact("-"), Repeat(Hex, 4, 4)), 3, 3), Exact("-"), Repeat(Hex, 12, 12));

    public static Expression HostName { get; } = Sequence(Repeat(Sequence(Label, Exact(".")), 0, 3), Repeat(Letter, 2, 12));

    public static Expression Email { get; } = Sequence(
        JoinedBy(".", 3, Repeat(AlphanumericOr("_-+"), 1, 20)),
        Exact("@"), Repeat(Sequence(Label, Exact(".")), 1, 3), Repeat(Letter, 2, 12));

    public static Expression IPv4 { get; } = Sequence(Octet(), Repeat(Sequence(Exact("."), Octet()), 3, 3));

    public static Expression IPv6 { get; } = AddressWithColons();

    public static Expression Uri { get; } = Sequence(
        Exact("http"), Optional(Exact("s")), Exact("://"), HostName,
        Optional(Sequence(Exact(":"), Range('1', '9'), Repeat(Digit, 0, 3))),
        Many(Sequence(Exact("/"), Many(UriCharacter("-._~!$'()*,;:@")))),
        Optional(Sequence(Exact("?"), Many(UriCharacter("-._~!$'()*,;:@/&=+")))),
        Optional(Sequence(Exact("#"), Many(UriCharacter("-._~/")))));

    public static Expression Base64 { get; } = Sequence(
        Many(Repeat(AlphanumericOr("+/"), 4, 4)),
        Optional(OneOf(
            Sequence(AlphanumericOr("+/"), AnyOf("AQgw"), Exact("==")),
            Sequence(Repeat(AlphanumericOr("+/"), 2, 2), AnyOf("AEIMQUYcgkosw048"), Exact("=")))));

    private static Expression Octet() => OneOf(
        Digit, Sequence(Range('1', '9'), Digit), Sequence(Exact("1"), Digit, Digit), Sequence(Exact("2"), Range('0', '4'), Digit), Sequence(Exact("25"), Range('0', '5')));

    // Eight groups, or fewer with a double colon that stands for at least two.
    private static Expression AddressWithColons()
    {
        Expression group = Repeat(Hex, 1, 4);
        Expression next = Sequence(Exact(":"), group);
        IEnumerable<Expression> shortened = Enumerable.Range(0, 7).Select(before => Sequence(
            before == 0 ? Expression.Empty : Sequence(group, Repeat(next, before - 1, before - 1)),
            Exact("::"),
            before == 6 ? Expression.Empty : Optional(Sequence(group, Repeat(next, 0, 5 - before)))));
        return OneOf([Sequence(group, Repeat(next, 7, 7)), .. shortened]);
    }

    // Any of these, or one escaped that is ASCII and visible: of others validators ask that they decode as UTF-8.
    private static Expression UriCharacter(string marks) => OneOf(AlphanumericOr(marks), Sequence(Exact("%"), Range('2', '7'), AnyOf("0123456789ABCDEF")));

    private static CharacterClass AlphanumericOr(string marks) => new(CodePointSet.Characters(marks).Union(LetterOrDigit.Set));

    private static Expression JoinedBy(string mark, int most, Expression word) => Sequence(word, Repeat(Sequence(Exact(mark), word), 0, most - 1));
}
