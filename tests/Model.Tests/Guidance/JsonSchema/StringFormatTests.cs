using System.Globalization;
using System.Net;
using System.Text.Json;
using Llama.Model.Guidance;

namespace Llama.Model.Tests.Guidance.JsonSchema;

public sealed class StringFormatTests
{
    [Fact]
    public void Dates_FromTheYear100_AreExactlyThoseThatExist()
    {
        Expression grammar = Schemas.Compile("""{"type":"string","format":"date"}""");
        foreach (int year in new[] { 100, 400, 999, 1900, 1999, 2000, 2023, 2024, 2100, 9999 })
        {
            for (int month = 0; month <= 13; month++)
            {
                for (int day = 0; day <= 32; day++)
                {
                    string date = $"{year:0000}-{month:00}-{day:00}";
                    bool exists = DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
                    Assert.True(exists == ExpressionMatcher.Matches(grammar, $"\"{date}\""), date);
                }
            }
        }
    }

    [Theory]
    [InlineData("date")]
    [InlineData("time")]
    [InlineData("date-time")]
    [InlineData("duration")]
    [InlineData("uuid")]
    [InlineData("guid")]
    [InlineData("email")]
    [InlineData("hostname")]
    [InlineData("ipv4")]
    [InlineData("ipv6")]
    [InlineData("uri")]
    [InlineData("byte")]
    public async Task RandomTexts_OfAFormat_HaveIt(string format)
    {
        string schema = $$"""{"type":"string","format":"{{format}}"}""";
        NJsonSchema.JsonSchema judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema);
        Expression grammar = Schemas.Compile(schema);
        var walk = new ExpressionWalk(new Random(1));
        for (int i = 0; i < 500; i++)
        {
            string text = walk.Write(grammar, 60);
            string value = JsonDocument.Parse(text).RootElement.GetString()!;
            Assert.True(Parses(format, value), value);
            Assert.Empty(judge.Validate(text));
        }
    }

    [Theory]
    [InlineData("date", "2024-02-29")]
    [InlineData("date", "9999-12-31")]
    [InlineData("time", "08:30:00Z")]
    [InlineData("time", "23:59:59.123+05:30")]
    [InlineData("date-time", "2026-11-25T14:38:29Z")]
    [InlineData("date-time", "2026-11-25T14:38:29.123456-08:00")]
    [InlineData("date-time", "9999-12-31T23:59:59Z")]
    [InlineData("duration", "P3Y6M4DT12H30M5S")]
    [InlineData("duration", "PT15M")]
    [InlineData("duration", "P2W")]
    [InlineData("uuid", "123e4567-e89b-12d3-a456-426614174000")]
    [InlineData("email", "first.last+tag@mail.example-site.co.uk")]
    [InlineData("hostname", "api.example.com")]
    [InlineData("hostname", "localhost")]
    [InlineData("ipv4", "192.168.0.255")]
    [InlineData("ipv6", "2001:db8::8a2e:370:7334")]
    [InlineData("ipv6", "::1")]
    [InlineData("ipv6", "::")]
    [InlineData("ipv6", "fe80::")]
    [InlineData("ipv6", "2001:0db8:85a3:0000:0000:8a2e:0370:7334")]
    [InlineData("uri", "https://www.example.com:8080/a/b.html?q=1&r=x%20y")]
    [InlineData("uri", "https://example.com/")]
    [InlineData("uri", "http://localhost:3000/path#section-2")]
    [InlineData("byte", "aGVsbG8=")]
    public void CommonTexts_OfAFormat_CanBeWritten(string format, string text) =>
        Assert.True(Schemas.Accepts($$"""{"type":"string","format":"{{format}}"}""", $"\"{text}\""));

    [Fact]
    public void Format_BesideALength_HoldsBoth()
    {
        const string Schema = """{"type":"string","format":"email","maxLength":12}""";
        Assert.True(Schemas.Accepts(Schema, "\"ab@cd.com\""));
        Assert.False(Schemas.Accepts(Schema, "\"abcdef@ghij.com\""));
    }

    /// <summary>zod 4 writes patterns that look ahead beside these formats; all that is written matches them.</summary>
    [Theory]
    [InlineData("duration", @"^P(?:(\d+W)|(?!.*W)(?=\d|T\d)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?)$")]
    [InlineData("hostname", @"^(?=.{1,253}\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\.?$")]
    public void Format_BesideZodsPattern_HoldsBoth(string format, string pattern)
    {
        Expression grammar = Schemas.Compile(JsonSerializer.Serialize(new { type = "string", format, pattern }));
        var walk = new ExpressionWalk(new Random(1));
        for (int i = 0; i < 500; i++)
            Assert.Matches(pattern, JsonDocument.Parse(walk.Write(grammar, 60)).RootElement.GetString());
    }

    private static bool Parses(string format, string value) => format switch
    {
        "date" => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" => DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => System.Xml.XmlConvert.ToTimeSpan(value.EndsWith('W') ? $"P{value[1..^1]}D" : value) >= TimeSpan.Zero,
        "uuid" or "guid" => Guid.TryParseExact(value, "D", out _),
        "ipv4" or "ipv6" => IPAddress.TryParse(value, out _),
        "uri" => Uri.TryCreate(value, UriKind.Absolute, out _),
        "byte" => Convert.FromBase64String(value).Length >= 0,
        _ => value.Length > 0,
    };

    // Field(decimal_places=2), Field(max_digits=5, decimal_places=2), Field(max_digits=2, decimal_places=3), Field(max_digits=5, decimal_places=0), Field(max_digits=3) and no bounds.
    [Theory]
    [InlineData(@"\d*\.?\d{0,2}0*$", "12.34,-0.5,+7,.25,3.", "1.234,.,-,1e2")]
    [InlineData(@"(?:\d{0,3}|(?=[\d.]{1,6}0*$)\d{0,3}\.\d{0,2}0*$)", "123.45,-0.5,7,.25", "1234,1.234,-,.,a")]
    [InlineData(@"(?:\d{0,0}|(?=[\d.]{1,3}0*$)\d{0,0}\.\d{0,3}0*$)", "0.12,-.5,.1", "0,1,0.123,.,1.2")]
    [InlineData(@"(?:\d{0,5}|(?=[\d.]{1,6}0*$)\d{0,5}\.\d{0,0}0*$)", "12345,-1", "123456,1.5,-")]
    [InlineData(@"(?:\d{0,3}|(?=[\d.]{1,4}0*$)\d*\.\d*0*$)", "123,1.23,12.3,.123,-1", "1234,12.34,.,-")]
    [InlineData(@"\d*\.?\d*$", "12345.678,-1,.5", ".,-,a")]
    public void PatternOfPydanticsDecimal_IsWrittenAsItsNumbers(string pattern, string written, string others)
    {
        string schema = JsonSerializer.Serialize(new { type = "string", pattern = @"^(?!^[-+.]*$)[+-]?0*" + pattern });
        Assert.All(written.Split(','), text => Assert.True(Schemas.Accepts(schema, $"\"{text}\""), text));
        Assert.All(others.Split(','), text => Assert.False(Schemas.Accepts(schema, $"\"{text}\""), text));
    }
}
