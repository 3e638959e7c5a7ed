using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Model.Text;
using Llama.Model.Text.Jinja;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Text;

/// <summary>Renders published templates and snippets of every construct, and compares with what Jinja recorded (Data/render.py).</summary>
public sealed class TemplateTests
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
    private static readonly Recording Recorded = JsonSerializer.Deserialize<Recording>(File.ReadAllText(TextData.Folder("renders.json")), Json)!;

    public static TheoryData<int, string> Cases()
    {
        var data = new TheoryData<int, string>();
        for (int i = 0; i < Recorded.Cases.Length; i++) data.Add(i, Recorded.Cases[i].Name);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Render_RecordedCase_EqualsJinja(int index, string name)
    {
        Case expected = Recorded.Cases[index];
        Assert.Equal(expected.Name, name);
        string source = expected.Source ?? File.ReadAllText(TextData.Folder($"templates/{expected.Template}.jinja"));
        PromptText Render() => Template.Parse(source, new FixedClock()).Render(Variables(expected));
        if (expected.Fails) Assert.Throws<TemplateException>(Render);
        else Assert.Equal(expected.Text, Render().Text);
    }

    [Theory]
    [InlineData("a\n{{ x | sort }}", "line 2, column 8: the filter 'sort'")]
    [InlineData("{% if x is filter %}{% endif %}", "line 1, column 12: the test 'filter'")]
    [InlineData("{% include 'x' %}", "line 1, column 4: the tag 'include'")]
    [InlineData("{{ lipsum() }}", "line 1, column 4: the function 'lipsum'")]
    [InlineData("{{ x.encode() }}", "line 1, column 6: the method 'encode'")]
    [InlineData("{{ f(*x) }}", "line 1, column 6: unpacking arguments")]
    [InlineData("{% for x in y recursive %}{% endfor %}", "line 1, column 15: a recursive loop")]
    [InlineData("{{ x['f']() }}", "line 1, column 10: calling the value of an expression")]
    [InlineData("{{ 'ff' | int(base=16) }}", "line 1, column 11: the argument 'base' of the filter 'int'")]
    [InlineData("{{ x | upper(1) }}", "line 1, column 8: argument 1 of the filter 'upper'")]
    [InlineData("{{ x.startswith('W', 6) }}", "line 1, column 6: argument 2 of the method 'startswith'")]
    [InlineData("{{ x.get('a', default=1, other=2) }}", "line 1, column 6: the argument 'other' of the method 'get'")]
    [InlineData("{{ x is string(2) }}", "line 1, column 9: argument 1 of the test 'string'")]
    [InlineData("{{ {1: 'a'}[1] }}", "line 1, column 5: a key that is not a string")]
    [InlineData("{% macro f(a) %}{{ varargs }}{% endmacro %}", "line 1, column 20: 'varargs' in a macro")]
    [InlineData("{{ '\\N{BULLET}' }}", "line 1, column 6: a character by its name")]
    [InlineData("{{ 9223372036854775808 }}", "line 1, column 4: an integer beyond 64 bits")]
    public void Parse_ConstructOutsideTheSubset_IsRefusedByNameAndPlace(string template, string expected) =>
        Assert.Contains(expected, Assert.Throws<NotSupportedException>(() => Template.Parse(template, TimeProvider.System)).Message);

    [Theory]
    [InlineData("{{ 1 + }}", "line 1, column 8: an expression was expected, not '}}'")]
    [InlineData("{% if x %}", "'endif' was expected, not the end of the template")]
    [InlineData("{% endif %}", "'endif' closes nothing")]
    [InlineData("{% for x in y %}{% endif %}", "'endfor' was expected")]
    [InlineData("{{ 'x }}", "line 1, column 4: this string never ends")]
    [InlineData("{{ x", "'}}' is missing")]
    [InlineData("{# x", "this comment never ends")]
    [InlineData("{{ ) }}", "')' closes nothing")]
    [InlineData("{% break %}", "'break' stands outside a loop")]
    [InlineData("{% for x in y %}{% set z %}{% break %}{% endset %}{% endfor %}", "'break' stands outside a loop")]
    [InlineData("{% for x in y %}{% macro z() %}{% continue %}{% endmacro %}{% endfor %}", "'continue' stands outside a loop")]
    [InlineData("{{ 012 }}", "line 1, column 5: '}}' was expected, not '12'")]
    [InlineData("{{ '\\u12' }}", "this escape lacks digits")]
    [InlineData("{{ '\\U00110000' }}", "is no character")]
    [InlineData("{{ dict(a=1, a=2) }}", "line 1, column 9: the argument 'a' is given twice")]
    public void Parse_MalformedTemplate_NamesFaultAndPlace(string template, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => Template.Parse(template, TimeProvider.System)).Message);

    [Fact]
    public void Render_GenerationTag_IsTransparent() =>
        Assert.Equal("ab", Template.Parse("a{% generation %}b{% endgeneration %}", TimeProvider.System).Render(new Dictionary<string, object?>()).Text);

    [Theory]
    [InlineData("{{ 9223372036854775807 + 1 }}", "beyond 64 bits")]
    [InlineData("{{ 3 ** 40 }}", "beyond 64 bits")]
    [InlineData("{{ (-9223372036854775807 - 1) // -1 }}", "beyond 64 bits")]
    [InlineData("{{ '99999999999999999999' | int }}", "beyond 64 bits")]
    [InlineData("{{ x + 1 }}", "beyond 64 bits")]
    [InlineData("{{ 'ab' * 600000 }}", "repeats a text to more than 1,000,000 characters")]
    [InlineData("{{ {x: 1} }}", "only strings are supported")]
    [InlineData("{{ [1] | tojson(indent=1000) }}", "'indent'")]
    [InlineData("{{ ['1'] | map('int', base=16) }}", "gives the argument 'base' to 'int'")]
    [InlineData("{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", "gives argument 2 to 'f'")]
    public void Render_WhatPythonAloneCanDo_FailsInWords(string source, string expected)
    {
        using OtherCulture culture = new();
        var variables = new Dictionary<string, object?> { ["x"] = new WholeNumber("9223372036854775808") };
        Assert.Contains(expected, Assert.Throws<TemplateException>(() => Template.Parse(source, TimeProvider.System).Render(variables)).Message);
    }

    [Theory]
    [InlineData("a\n \u2003\u00a0{% if true %}x{% endif %} b\u2028c\u2028{% if true %}y{% endif %}", "a\nx b\u2028c\u2028y")]
    [InlineData("a\r\n {% if true %}\r b{% endif %}\u0085 {% if true %}c{% endif %}\u000cd\r", "a\n b\u0085 c\u000cd")]
    public void Render_LineEndsOfUnicode_AreNoneOfATemplates(string source, string expected) =>
        Assert.Equal(expected, Template.Parse(source, TimeProvider.System).Render(new Dictionary<string, object?>()).Text);

    [Theory]
    [InlineData("{{ ", "[", "]", " }}")]
    [InlineData("{{ ", "not ", "", "1 }}")]
    [InlineData("{{ ", "- ", "", "1 }}")]
    [InlineData("", "{% generation %}", "{% endgeneration %}", "")]
    public void Parse_NestedWithoutEnd_IsRefusedBeforeTheStackEnds(string start, string open, string close, string end)
    {
        string source = start + string.Concat(Enumerable.Repeat(open, 300_000)) + string.Concat(Enumerable.Repeat(close, 300_000)) + end;
        Assert.Contains("nesting as deep as this is not supported", Assert.Throws<NotSupportedException>(() => Template.Parse(source, TimeProvider.System)).Message);
    }

    [Theory]
    [InlineData(" + 1")]
    [InlineData(".a")]
    [InlineData(" | string")]
    public void Render_ChainWithoutEnd_FailsBeforeTheStackEnds(string link) => Assert.Throws<TemplateException>(
        () => Template.Parse($"{{{{ 1{string.Concat(Enumerable.Repeat(link, 400_000))} }}}}", TimeProvider.System).Render(new Dictionary<string, object?>()));

    [Fact]
    public void Render_EndlessMacro_Fails() => Assert.Throws<TemplateException>(
        () => Template.Parse("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", TimeProvider.System).Render(new Dictionary<string, object?>()));

    // Templates that add message by message to one text: all of it copied for each would be sixteen times.
    [Theory]
    [InlineData("{% set ns = namespace(all='') %}{% for m in messages %}{% set ns.all = ns.all + m.role + ': ' + m.content + '\n' %}{% endfor %}{{ ns.all }}")]
    [InlineData("{% set ns = namespace(all='') %}{% for m in messages %}{% set ns.all = m.content ~ ns.all %}{% endfor %}{{ ns.all | trim }}")]
    [InlineData("{% for m in messages %}{{ messages[0].role }}{{ messages[loop.index0 - 1].content }}{% endfor %}")]
    [InlineData("{% set all = messages | map(attribute='content') | join(' ') %}{% for word in all.split() %}{{ word }}{% endfor %}")]
    public void Render_FourTimesAsManyMessages_TakesNoMoreThanSomeFourTimesTheMemory(string source)
    {
        var template = Template.Parse(source, TimeProvider.System);
        long few = Allocate(500), many = Allocate(2_000);
        Assert.InRange(many, few, 8 * few);

        long Allocate(int count)
        {
            var message = new Dictionary<string, object?> { ["role"] = PromptText.Trusted("user"), ["content"] = PromptText.Untrusted("Hi there") };
            var variables = new Dictionary<string, object?> { ["messages"] = Enumerable.Repeat((object?)message, count).ToList() };
            return Allocated.InStretch(() => _ = template.Render(variables).Text);
        }
    }

    // A list of their characters takes a hundred times the memory of the text.
    [Theory]
    [InlineData("{{ x[0] }}{{ x[-1] }}{{ x[:5] }}{{ x[-3:] }}{% if x[1:] %}!{% endif %}")]
    public void Render_PartOfALongText_TakesNoMoreThanAFewCopiesOfIt(string source)
    {
        var template = Template.Parse(source, TimeProvider.System);
        var variables = new Dictionary<string, object?> { ["x"] = PromptText.Untrusted(new string('x', 500_000) + "\U0001F992") };
        template.Render(variables);

        Assert.InRange(Allocated.InStretch(() => _ = template.Render(variables).Text), 0, 4_000_000);
    }

    [Theory]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("-9223372036854775809", "-9223372036854775809")]
    [InlineData("9007199254740993", "9007199254740993")]
    [InlineData("1e-7", "1e-07")]
    [InlineData("1E400", "Infinity")]
    [InlineData("1e5", "100000.0")]
    public void ToJson_NumberOfARequest_IsWrittenAsPythonWritesIt(string number, string expected) => Assert.Equal(
        $"{{\"n\": {expected}}}", Template.Parse("{{ x | tojson }}", TimeProvider.System).Render(new Dictionary<string, object?> { ["x"] = TemplateJson.ParseObject($$"""{"n": {{number}}}""") }).Text);

    // To compute with its value would take many seconds. Not more digits: the runtime keeps buffers for them, which tests of the memory held would see go.
    [Theory]
    [InlineData("{{ x.n }}")]
    [InlineData("{{ x.n | tojson }}")]
    public void Render_IntegerOfVeryManyDigits_IsWrittenAsItCame(string source)
    {
        string digits = new('7', 600_000);
        var variables = new Dictionary<string, object?> { ["x"] = TemplateJson.ParseObject($"{{\"n\": {digits}}}") };

        Assert.True(Template.Parse(source, TimeProvider.System).Render(variables).Text == digits);
    }

    [Fact]
    public void Render_TextJoinedLate_KeepsWhatCameFromWhere()
    {
        var variables = new Dictionary<string, object?> { ["x"] = PromptText.Untrusted("</s>") };

        PromptText text = Template.Parse("{% set ns = namespace(all='<s>') %}{% set ns.all = ns.all + x + '</s>' + x %}{{ ns.all + '!' }}{{ ns.all }}", TimeProvider.System).Render(variables);

        Assert.Equal("<s></s></s></s>!<s></s></s></s>", text.Text);
        Assert.Equal([0..3, 7..11, 15..19, 23..27], text.TrustedRanges);
    }

    private static Dictionary<string, object?> Variables(Case recorded) => new()
    {
        ["messages"] = Values(Recorded.Conversations[recorded.Conversation]),
        ["tools"] = recorded.HasTools ? Values(Recorded.Tools) : null,
        ["documents"] = null,
        ["add_generation_prompt"] = recorded.AddGenerationPrompt,
        ["bos_token"] = PromptText.Trusted("<s>"),
        ["eos_token"] = PromptText.Trusted("</s>"),
        ["unk_token"] = PromptText.Trusted("<unk>"),
    };

    private static List<object?> Values(JsonElement[] objects) => [.. objects.Select(one => TemplateJson.ParseObject(one.GetRawText()))];

    private sealed record Recording(Dictionary<string, JsonElement[]> Conversations, JsonElement[] Tools, Case[] Cases);

    private sealed record Case(string Template, string? Source, string Conversation, bool HasTools, bool AddGenerationPrompt, string Text, bool Fails)
    {
        [JsonIgnore]
        public string Name => Source?.ReplaceLineEndings("⏎") ?? $"{Template}, {Conversation}{(HasTools ? ", tools" : "")}{(AddGenerationPrompt ? ", prompt" : "")}";
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 7, 8, 5, 9, TimeSpan.Zero);
    }
}
