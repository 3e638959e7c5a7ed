using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>Dates and times of RFC 3339 and durations of ISO 8601.</summary>
internal static class CalendarFormats
{
    private static readonly Expression Hour = OneOf(Sequence(AnyOf("01"), Digit), Sequence(Exact("2"), Range('0', '3')));

    private static readonly Expression Sixty = Sequence(Range('0', '5'), Digit);

    // Readers that keep ticks see seven decimals, others six.
    private static readonly Expression Clock = Sequence(Hour, Exact(":"), Sixty, Exact(":"), Sixty, Optional(Sequence(Exact("."), Repeat(Digit, 1, 6))));

    // .NET's offsets end at 14 hours.
    private static readonly Expression Offset = OneOf(
        Exact("Z"),
        Sequence(AnyOf("+-"), OneOf(Sequence(Exact("0"), Digit), Sequence(Exact("1"), Range('0', '3'))), Exact(":"), Sixty));

    private static readonly Expression EarlierCenturies = OneOf(Sequence(Exact("0"), Range('1', '9')), Sequence(Range('1', '8'), Digit), Sequence(Exact("9"), Range('0', '8')));

    private static readonly Expression EarlierLeapCenturies = OneOf(MultiplesOfFour().Where(century => century is > 0 and < 99).Select(TwoDigits));

    /// <summary>Days of the years 100 to 9999 that exist: earlier years are written with zeros that models never use.</summary>
    public static Expression Date { get; } = OneOf(Days(EarlierCenturies, EarlierLeapCenturies), Days(Exact("99"), Nothing));

    public static Expression Time { get; } = Sequence(Clock, Offset);

    /// <summary>A day and a time; at the calendar's end only in UTC, lest an offset lead beyond it.</summary>
    public static Expression DateTime { get; } = OneOf(
        Sequence(Days(EarlierCenturies, EarlierLeapCenturies), Exact("T"), Clock, Offset),
        Sequence(Days(Exact("99"), Nothing), Exact("T"), Clock, Exact("Z")));

    public static Expression Duration { get; } = OneOf(
        Sequence(Exact("P"), Count("W")),
        Sequence(Exact("P"), InOrder("YMD"), Optional(Clockwise())),
        Sequence(Exact("P"), Clockwise()));

    /// <summary>The days of these centuries, given which of them begin with a leap year.</summary>
    private static Expression Days(Expression centuries, Expression leapCenturies)
    {
        Expression day28 = OneOf(Sequence(Exact("0"), Range('1', '9')), Sequence(Exact("1"), Digit), Sequence(Exact("2"), Range('0', '8')));
        Expression day30 = OneOf(day28, Exact("29"), Exact("30"));
        Expression common = OneOf(
            Sequence(OneOf("01 03 05 07 08 10 12".Split(' ').Select(Exact)), Exact("-"), OneOf(day30, Exact("31"))),
            Sequence(OneOf("04 06 09 11".Split(' ').Select(Exact)), Exact("-"), day30),
            Sequence(Exact("02-"), day28));
        Expression leapYear = OneOf(
            Sequence(centuries, OneOf(MultiplesOfFour().Where(year => year > 0).Select(TwoDigits))),
            Sequence(leapCenturies, Exact("00")));
        return OneOf(Sequence(centuries, Digit, Digit, Exact("-"), common), Sequence(leapYear, Exact("-02-29")));
    }

    // Of hundred numbers those that four divides: leap years of a century, and centuries that begin with one.
    private static IEnumerable<int> MultiplesOfFour() => Enumerable.Range(0, 25).Select(quarter => quarter * 4);

    private static Expression TwoDigits(int number) => Exact($"{number:00}");

    private static Expression Clockwise() => Sequence(Exact("T"), InOrder("HMS"));

    // At least one of three parts, with none left out between: so ajv-formats and RFC 3339 have it.
    private static Expression InOrder(string units)
    {
        (Expression first, Expression second, Expression third) = (Count(units[..1]), Count(units[1..2]), Count(units[2..]));
        Expression fromSecond = Sequence(second, Optional(third));
        return OneOf(Sequence(first, Optional(fromSecond)), fromSecond, third);
    }

    private static Expression Count(string unit) => Sequence(OneOf(Exact("0"), Sequence(Range('1', '9'), Repeat(Digit, 0, 3))), Exact(unit));
}
