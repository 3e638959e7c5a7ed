using System.Text;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance;

/// <summary>
/// What an expression allows, by derivatives (Brzozowski 1964): the texts that remain after a byte are again an expression. Slow and plain; shares no code with the
/// automaton it is compared with.
/// </summary>
internal abstract record Remainder
{
    public static Remainder Nothing { get; } = new NothingLeft();

    public static Remainder Of(Expression expression) => expression switch
    {
        Literal literal => Encoding.UTF8.GetBytes(literal.Text).Select(value => (Remainder)new OneByte(value)).Aggregate(Done, Then),
        CharacterClass characters => new OneCharacter(characters.Set, 0, 0, 0),
        Concatenation sequence => sequence.Items.Select(Of).Aggregate(Done, Then),
        Alternation choice => Any(choice.Items.Select(Of)),
        Repetition { Maximum: 0 } => Done,
        Repetition repetition => new Repeated(Of(repetition.Item), repetition.Minimum, repetition.Maximum),
        WidthLimit limit => new Limited(Of(limit.Single), Of(limit.Double), limit.Maximum),
        Intersection both => Both(Of(both.First), Of(both.Second)),
        Reference reference => new RuleBody(reference.Rule),
        _ => throw new ArgumentException(expression.ToString()),
    };

    /// <summary>Whether nothing may be left.</summary>
    public abstract bool IsAccepting { get; }

    /// <summary>What remains after a byte; <see cref="Nothing"/> where it does not fit.</summary>
    public abstract Remainder After(byte value);

    private static Remainder Done { get; } = new NothingMore();

    private static Remainder Then(Remainder first, Remainder second) =>
        first is NothingLeft || second is NothingLeft ? Nothing : first is NothingMore ? second : second is NothingMore ? first : new Sequence(first, second);

    private static Remainder Any(IEnumerable<Remainder> items)
    {
        Remainder[] distinct = [.. items.SelectMany(item => item is OneOf choice ? choice.Items : [item]).Where(item => item is not NothingLeft).Distinct()];
        return distinct.Length switch { 0 => Nothing, 1 => distinct[0], _ => new OneOf(distinct) };
    }

    private static Remainder Both(Remainder first, Remainder second) => first is NothingLeft || second is NothingLeft ? Nothing : new InBoth(first, second);

    private sealed record NothingLeft : Remainder
    {
        public override bool IsAccepting => false;

        public override Remainder After(byte value) => this;
    }

    private sealed record NothingMore : Remainder
    {
        public override bool IsAccepting => true;

        public override Remainder After(byte value) => Nothing;
    }

    private sealed record OneByte(byte Value) : Remainder
    {
        public override bool IsAccepting => false;

        public override Remainder After(byte value) => value == Value ? Done : Nothing;
    }

    private sealed record OneCharacter(CodePointSet Set, int Length, int Read, int Bits) : Remainder
    {
        public override bool IsAccepting => false;

        public override Remainder After(byte value)
        {
            int length = Read > 0 ? Length : value < 0x80 ? 1 : value is >= 0xC2 and < 0xE0 ? 2 : value is >= 0xE0 and < 0xF0 ? 3 : value is >= 0xF0 and < 0xF5 ? 4 : 0;
            if (length == 0 || (Read > 0 && (value & 0xC0) != 0x80)) return Nothing;
            int bits = Read > 0 ? Bits << 6 | value & 0x3F : length == 1 ? value : value & (0x7F >> length), open = 6 * (length - Read - 1);
            int first = Math.Max(bits << open, length switch { 1 => 0, 2 => 0x80, 3 => 0x800, _ => 0x10000 }), last = bits << open | (1 << open) - 1;
            if (!Set.Ranges.Any(range => range.First <= last && first <= range.Last)) return Nothing;
            return open == 0 ? Done : new OneCharacter(Set, length, Read + 1, bits);
        }
    }

    private sealed record Sequence(Remainder First, Remainder Second) : Remainder
    {
        public override bool IsAccepting => First.IsAccepting && Second.IsAccepting;

        public override Remainder After(byte value)
        {
            Remainder inFirst = Then(First.After(value), Second);
            return First.IsAccepting ? Any([inFirst, Second.After(value)]) : inFirst;
        }
    }

    private sealed record OneOf(Remainder[] Items) : Remainder
    {
        public override bool IsAccepting => Items.Any(item => item.IsAccepting);

        public override Remainder After(byte value) => Any(Items.Select(item => item.After(value)));

        public bool Equals(OneOf? other) => other is not null && Items.SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, item));
    }

    private sealed record Repeated(Remainder Item, int Minimum, int? Maximum) : Remainder
    {
        public override bool IsAccepting => Minimum == 0 || Item.IsAccepting;

        public override Remainder After(byte value)
        {
            Remainder rest = Maximum == 1 ? Done : new Repeated(Item, Item.IsAccepting ? 0 : Math.Max(0, Minimum - 1), Maximum - 1);
            return Then(Item.After(value), rest);
        }
    }

    private sealed record Limited(Remainder Single, Remainder Double, int Maximum) : Remainder
    {
        public override bool IsAccepting => true;

        public override Remainder After(byte value) => Any([Then(Single.After(value), Narrower(1)), Maximum < 2 ? Nothing : Then(Double.After(value), Narrower(2))]);

        private Remainder Narrower(int width) => Maximum == width ? Done : this with { Maximum = Maximum - width };
    }

    private sealed record InBoth(Remainder First, Remainder Second) : Remainder
    {
        public override bool IsAccepting => First.IsAccepting && Second.IsAccepting;

        public override Remainder After(byte value) => Both(First.After(value), Second.After(value));
    }

    private sealed record RuleBody(Rule Rule) : Remainder
    {
        public override bool IsAccepting => Of(Rule.Body).IsAccepting;

        public override Remainder After(byte value) => Of(Rule.Body).After(value);
    }
}
