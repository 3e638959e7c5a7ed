using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance.JsonSchema;

public sealed class NumberRangeTests
{
    private static readonly Random Random = new(7);

    public static TheoryData<int, int, int> SmallRanges => new()
    {
        { 0, 0, 1 }, { 0, 9, 1 }, { 1, 10, 1 }, { -3, 3, 1 }, { 95, 1005, 1 }, { -1234, -98, 1 }, { 999, 1001, 1 }, { -10, 250, 7 }, { 0, 1300, 100 }, { -130, 130, 128 }, { 17, 1999, 12 },
        { 5, 15, 5 }, { -60, 601, 60 },
    };

    [Theory]
    [MemberData(nameof(SmallRanges))]
    public void Integers_OfASmallRange_AreExactlyThose(int low, int high, int factor)
    {
        string multiple = factor == 1 ? "" : $",\"multipleOf\":{factor}";
        Expression grammar = Schemas.Compile($$"""{"type":"integer","minimum":{{low}},"maximum":{{high}}{{multiple}}}""");
        for (int value = low - 120; value <= high + 120; value++)
            Assert.True((value >= low && value <= high && value % factor == 0) == ExpressionMatcher.Matches(grammar, value.ToString(CultureInfo.InvariantCulture)), $"{value}");
    }

    public static TheoryData<string, string, string> SmallDecimalRanges => new()
    {
        { "0.5", "0", "12" }, { "0.5", "-3.2", "7.4" }, { "0.25", "0.3", "11.1" }, { "0.01", "-1.005", "10.27" }, { "0.1", "9.9", "10.1" }, { "2.5", "-20", "110" }, { "0.3", "-5", "12.3" },
        { "1.28", "0", "13" }, { "0.125", "-0.2", "0.6" }, { "0.75", "99", "101" }, { "0.07", "0.5", "0.8" }, { "0.2", "0.2", "0.2" }, { "0.010", "0", "0.5" },
    };

    /// <summary>Every text of the range with as many decimals as the factor or fewer, and some with one more: zeros at the end may be written or not.</summary>
    [Theory]
    [MemberData(nameof(SmallDecimalRanges))]
    public void Decimals_OfASmallRange_AreExactlyTheMultiples(string factor, string low, string high)
    {
        Expression grammar = Schemas.Compile($$"""{"type":"number","minimum":{{low}},"maximum":{{high}},"multipleOf":{{factor}}}""");
        (decimal divisor, decimal from, decimal to) = (Parse(factor), Parse(low), Parse(high));
        int most = factor.TrimEnd('0').Length - factor.IndexOf('.') - 1;
        for (int decimals = 0; decimals <= most + 1; decimals++)
        {
            decimal step = (decimal)Math.Pow(10, -decimals);
            for (decimal value = Math.Round(from - 0.2m, Math.Min(decimals, 1)); value <= to + 0.2m; value += decimals > most ? 19 * step : step)
            {
                string text = value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
                bool isWritten = value >= from && value <= to && value % divisor == 0 && decimals <= most && !(value == 0 && text[0] == '-');
                Assert.True(isWritten == ExpressionMatcher.Matches(grammar, text), text);
            }
        }
    }

    [Fact]
    public void RandomMultiples_OfRandomRanges_AreMultiplesWithinThem()
    {
        decimal[] factors = [0.5m, 0.25m, 0.01m, 0.1m, 0.05m, 2.5m, 0.3m, 1.27m, 0.0001m, 0.03125m, 100];
        for (int i = 0; i < 66; i++)
        {
            decimal factor = factors[i % factors.Length], low = RandomEnd(), high = low + Math.Abs(RandomEnd()) + (3 * factor);
            string minimum = i % 2 == 0 ? "minimum" : "exclusiveMinimum", ends = i % 3 == 0 ? "" : $$""","{{minimum}}":{{Spell(low)}},"exclusiveMaximum":{{Spell(high)}}""";
            AssertWithin($$"""{"type":"number","multipleOf":{{Spell(factor)}}{{ends}}}""", value => value % factor == 0 && (ends.Length == 0 || (value >= low && value < high && (i % 2 == 0 || value > low))), isInteger: false);
        }
    }

    [Theory]
    [InlineData("-0")]
    [InlineData("007")]
    [InlineData("+1")]
    [InlineData("1.0")]
    [InlineData("1e2")]
    [InlineData("")]
    [InlineData("-")]
    public void Integers_InOtherSpellings_AreNotWritten(string text)
    {
        Assert.False(Schemas.Accepts("""{"type":"integer"}""", text));
        Assert.False(Schemas.Accepts("""{"type":"integer","minimum":-1000,"maximum":1000}""", text));
    }

    [Fact]
    public void RandomNumbers_OfRandomRanges_AreWithinThem()
    {
        for (int i = 0; i < 300; i++)
        {
            bool isInteger = i % 3 == 0;
            decimal low = RandomEnd(), high = low + Math.Abs(RandomEnd());
            (string minimum, string maximum) = (i % 2 == 0 ? "minimum" : "exclusiveMinimum", i % 5 == 0 ? "exclusiveMaximum" : "maximum");
            if (high - low <= 1) high += 2;
            string schema = $$"""{"type":"{{(isInteger ? "integer" : "number")}}","{{minimum}}":{{Spell(low)}},"{{maximum}}":{{Spell(high)}}}""";
            AssertWithin(schema, value => (minimum == "minimum" ? value >= low : value > low) && (maximum == "maximum" ? value <= high : value < high), isInteger);
        }
    }

    [Fact]
    public void RandomNumbers_WithOneEnd_AreBeyondIt()
    {
        for (int i = 0; i < 100; i++)
        {
            decimal end = RandomEnd();
            AssertWithin($$"""{"type":"number","minimum":{{Spell(end)}}}""", value => value >= end, false);
            AssertWithin($$"""{"type":"number","exclusiveMaximum":{{Spell(end)}}}""", value => value < end, false);
            AssertWithin($$"""{"type":"integer","exclusiveMinimum":{{Spell(end)}}}""", value => value > end, true);
        }
    }

    [Theory]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "0.000000000000001", true)]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "0.0", false)]
    [InlineData("""{"type":"number","exclusiveMinimum":0}""", "3", true)]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", "0.5", true)]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", "1", true)]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", "1.0", true)]
    [InlineData("""{"type":"number","minimum":0,"maximum":1}""", "1.000000000000001", false)]
    [InlineData("""{"type":"number","minimum":0,"exclusiveMaximum":1}""", "0.99", true)]
    [InlineData("""{"type":"number","minimum":0,"exclusiveMaximum":1}""", "1", false)]
    [InlineData("""{"type":"number","minimum":-90,"maximum":90}""", "-89.999", true)]
    [InlineData("""{"type":"number","minimum":-90,"maximum":90}""", "-90.1", false)]
    [InlineData("""{"type":"number","minimum":-90,"maximum":90}""", "-0.25", true)]
    [InlineData("""{"type":"number","minimum":0.25,"maximum":0.75}""", "0.25", true)]
    [InlineData("""{"type":"number","minimum":0.25,"maximum":0.75}""", "0.2", false)]
    [InlineData("""{"type":"number","minimum":0.25,"maximum":0.75}""", "0.3", true)]
    [InlineData("""{"type":"number","minimum":0.25,"maximum":0.75}""", "0.749999", true)]
    [InlineData("""{"type":"number","minimum":0.25,"maximum":0.75}""", "0.751", false)]
    [InlineData("""{"type":"number","minimum":1e2,"maximum":1E+3}""", "999.5", true)]
    [InlineData("""{"type":"number","minimum":1e2,"maximum":1E+3}""", "99.5", false)]
    [InlineData("""{"type":"number","minimum":5,"exclusiveMinimum":true}""", "5", false)]
    [InlineData("""{"type":"number","minimum":5,"exclusiveMinimum":false}""", "5", true)]
    [InlineData("""{"type":"number","multipleOf":5}""", "15", true)]
    [InlineData("""{"type":"number","multipleOf":1}""", "15", true)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "-19.99", true)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "-0.0", false)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "0.00", true)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "0.07", true)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "7", true)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "7.", false)]
    [InlineData("""{"type":"number","multipleOf":0.01}""", "1e2", false)]
    [InlineData("""{"type":"number","multipleOf":0.5,"exclusiveMaximum":2}""", "1.5", true)]
    [InlineData("""{"type":"number","multipleOf":0.5,"exclusiveMaximum":2}""", "2", false)]
    [InlineData("""{"type":"number","multipleOf":0.1,"exclusiveMaximum":0.10000000000000001}""", "0.1", false)] // the same to a reader with binary64
    [InlineData("""{"type":"number","multipleOf":1e-14}""", "-9.00000000000001", true)]
    [InlineData("""{"type":"number","multipleOf":1e-14}""", "10", false)] // with the decimals that others have it would be too long
    [InlineData("""{"type":"integer","multipleOf":0.5}""", "3", true)]
    [InlineData("""{"type":"integer","multipleOf":0.5}""", "3.5", false)]
    [InlineData("""{"type":"integer","multipleOf":1.5}""", "3", true)]
    [InlineData("""{"type":"integer","multipleOf":1.5}""", "4", false)]
    [InlineData("""{"type":"number","multipleOf":1e-2,"maximum":9}""", "8.25", true)]
    [InlineData("""{"type":"number","multipleOf":2e1}""", "40", true)]
    [InlineData("""{"allOf":[{"type":"number","multipleOf":0.5},{"multipleOf":0.3}]}""", "4.5", true)]
    [InlineData("""{"allOf":[{"type":"number","multipleOf":0.5},{"multipleOf":0.3}]}""", "0.5", false)]
    [InlineData("""{"enum":[0.07,0.075],"multipleOf":0.01}""", "0.07", true)]
    [InlineData("""{"enum":[0.07,0.075],"multipleOf":0.01}""", "0.075", false)]
    [InlineData("""{"oneOf":[{"type":"number","multipleOf":0.5,"minimum":0.1,"maximum":0.4},{"type":"number","minimum":3}]}""", "3.25", true)]
    [InlineData("""{"type":"integer","multipleOf":8192}""", "16384", true)]
    [InlineData("""{"type":"integer","multipleOf":8192}""", "16385", false)]
    [InlineData("""{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}""", "-999999999999999", true)]
    [InlineData("""{"type":"integer","format":"int32"}""", "2147483647", true)]
    [InlineData("""{"type":"integer","format":"int32"}""", "2147483648", false)]
    [InlineData("""{"type":"integer","format":"uint8"}""", "-1", false)]
    [InlineData("""{"type":"number","format":"int32"}""", "7", true)]
    [InlineData("""{"type":"number","format":"int32"}""", "7.5", false)]
    [InlineData("""{"type":["number","null"],"format":"int64","minimum":0.5}""", "0.5", false)]
    [InlineData("""{"format":"int64"}""", "-7", true)]
    [InlineData("""{"format":"int64"}""", "7.5", false)]
    [InlineData("""{"enum":[1.5,2],"format":"int32"}""", "1.5", false)]
    [InlineData("""{"enum":["a",2],"format":"int32"}""", "\"a\"", true)]
    [InlineData("""{"type":"number","format":"double"}""", "7.5", true)]
    [InlineData("""{"type":"number","format":"double"}""", "-1.5e-3", true)]
    [InlineData("""{"type":["integer","number"]}""", "1.5", true)]
    public void Number_AtAnEnd_IsWrittenIfItIsWithin(string schema, string text, bool isWithin) => Assert.Equal(isWithin, Schemas.Accepts(schema, text));

    // To a reader with binary64 an excluded end must not come out of rounding, and to NJsonSchema not out of rounding to 15 digits.
    [Theory]
    [InlineData("""{"type":"number","exclusiveMaximum":1000000}""", 1e6)]
    [InlineData("""{"type":"number","exclusiveMaximum":0.1}""", 0.1)]
    [InlineData("""{"type":"number","exclusiveMaximum":123456.7890123456789}""", 123456.7890123456789)]
    public void Numbers_BelowAnExcludedEnd_AreBelowItAfterRounding(string schema, double end)
    {
        Expression grammar = Schemas.Compile(schema);
        decimal exact = decimal.Parse(end.ToString("F20", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        for (int steps = -100; steps <= 100; steps++)
        {
            string text = (exact + steps * 1e-15m).ToString("F15", CultureInfo.InvariantCulture);
            if (ExpressionMatcher.Matches(grammar, text)) Assert.True(double.Parse(text, CultureInfo.InvariantCulture) < end, text);
        }
        Assert.True(ExpressionMatcher.Matches(grammar, (end - 0.01).ToString("F8", CultureInfo.InvariantCulture)));
    }

    private static void AssertWithin(string schema, Func<decimal, bool> isWithin, bool isInteger)
    {
        Expression grammar = Schemas.Compile(schema);
        var walk = new ExpressionWalk(Random);
        for (int j = 0; j < 20; j++)
        {
            string text = walk.Write(grammar, 40);
            Assert.True(isWithin(decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture)), $"{schema} {text}");
            if (isInteger) Assert.True(BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), text);
            using (JsonDocument.Parse(text)) { }
        }
    }

    private static decimal Parse(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static decimal RandomEnd() => Math.Round((decimal)((Random.NextDouble() - 0.5) * Math.Pow(10, Random.Next(0, 10))), Random.Next(6));

    private static string Spell(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
