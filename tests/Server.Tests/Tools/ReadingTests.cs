using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Model.Text;
using Llama.Server.Generating;
using Llama.Server.Tests.Hosting;
using Llama.Server.Tools.Formats;
using Llama.Server.Tools.Reading;

namespace Llama.Server.Tests.Tools;

/// <summary>How answers are taken apart into text and calls, however tokens cut them.</summary>
public sealed class ReadingTests
{
    private static readonly ChatFormat Chat = ChatFormat.Load(TestApp.Folder, TestApp.Tokenizer);

    /// <summary>Format, answer, its text and its calls.</summary>
    public static TheoryData<string, string, string, string> Answers() => new()
    {
        { "hermes", "Hello.", "Hello.", "" },
        { "hermes", "  Hello \n", "  Hello \n", "" },
        { "hermes", "a < b <tool_box> <tool_cal", "a < b <tool_box> <tool_cal", "" },
        { "hermes", "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>", "", "now({})" },
        { "hermes", "\n\n<tool_call>{\"name\":\"get_weather\",\"arguments\":{\"city\":\"K}\\\"{öln\"}}</tool_call>\n", "", "get_weather({\"city\":\"K}\\\"{öln\"})" },
        { "hermes", "Let me see.\n<tool_call>\n{\"arguments\": {\"a\": [1, {}]}, \"name\": \"now\"}\n</tool_call>", "Let me see.", "now({\"a\": [1, {}]})" },
        { "hermes", "<tool_call>{\"name\": \"now\"}</tool_call>\n<tool_call>\n{\"type\": \"function\", \"name\": \"now\", \"arguments\": {\"x\": 1}, \"id\": 7}\n</tool_call>", "", "now({})|now({\"x\": 1})" },
        { "hermes", "<tool_call>{\"name\": \"now\", \"arguments\": null}\n<tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call> Done.", " Done.", "now({})|now({})" },
        { "hermes", "<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"rm\", \"arguments\": {}}</tool_call>", "" },
        { "hermes", "<tool_call> is a tag", "<tool_call> is a tag", "" },
        { "hermes", "<tool_<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_cal", "<tool_", "now({})" },
        { "hermes", "<tool_call>{\"name\":\"rm\", <tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>", "<tool_call>{\"name\":\"rm\",", "now({})" },
        { "hermes", "{\"name\": \"now\", \"arguments\": {}}", "{\"name\": \"now\", \"arguments\": {}}", "" },
        { "hermes", "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bo", "", "get_weather({\"city\": \"Bo)" },
        { "hermes", "Write <tool_call>", "Write <tool_call>", "" },
        { "hermes", "Write <tool_call>\n{\"name\": \"now\"", "Write <tool_call>\n{\"name\": \"now\"", "" },
        { "mistral", "[TOOL_CALLS] [{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"get_weather\", \"arguments\": {\"city\": \"Bonn\"}, \"id\": \"abcdefgh1\"}]", "", "now({})|get_weather({\"city\": \"Bonn\"})" },
        { "mistral", "[{\"name\": \"now\", \"arguments\": {}}]", "", "now({})" },
        { "mistral", "Sure. [TOOL_CALLS][{\"name\":\"now\",\"arguments\":{}}] That was it.", "Sure. That was it.", "now({})" },
        { "mistral", "Write [TOOL_CALLS] [", "Write [TOOL_CALLS] [", "" },
        { "mistral", "[1, 2]", "[1, 2]", "" },
        { "mistral", "[{\"name\": \"Ann\"}, {\"name\": \"now\", \"arguments\": {}}]", "[{\"name\": \"Ann\"}, {\"name\": \"now\", \"arguments\": {}}]", "" },
        { "mistral", "See [{\"name\": \"now\", \"arguments\": {}}]", "See [{\"name\": \"now\", \"arguments\": {}}]", "" },
        { "mistral", "[{\"name\": \"now\", \"arguments\": {}}, {\"name\": \"rm\"}]", ", {\"name\": \"rm\"}]", "now({})" },
        { "llama3_json", "{\"name\": \"now\", \"parameters\": {}}", "", "now({})" },
        { "llama3_json", " {\"name\": \"now\", \"parameters\": {}}; {\"name\": \"get_weather\", \"parameters\": {\"city\": \"Bonn\"}}", "", "now({})|get_weather({\"city\": \"Bonn\"})" },
        { "llama3_json", "<|python_tag|>{\"type\": \"function\", \"name\": \"now\", \"parameters\": {\"a\": \"{\"}}\n{\"name\": \"now\", \"parameters\": {}}", "", "now({\"a\": \"{\"})|now({})" },
        { "llama3_json", "I call <|python_tag|>{\"name\": \"now\", \"parameters\": {}} now", "I call now", "now({})" },
        { "llama3_json", "{\"name\": \"Ann\", \"age\": 7}", "{\"name\": \"Ann\", \"age\": 7}", "" },
        { "llama3_json", "{\"name\": \"now\", \"at\": {\"x\": 1}}", "{\"name\": \"now\", \"at\": {\"x\": 1}}", "" },
        { "llama3_json", "{\"person\": {\"name\": \"now\", \"parameters\": {}}}", "{\"person\": {\"name\": \"now\", \"parameters\": {}}}", "" },
        { "llama3_json", "{\"name\": 7}", "{\"name\": 7}", "" },
        { "llama3_json", "{\"nam", "{\"nam", "" },
        { "llama3_json", "Write <|python_tag|>", "Write <|python_tag|>", "" },
        { "llama3_json", "<|python_tag|>search.call(query=\"x\")", "<|python_tag|>search.call(query=\"x\")", "" },
        { "pythonic", "[now()]", "", "now({})" },
        { "pythonic", "[get_weather(city='K\"öln', days=2), now( )]\n", "", "get_weather({\"city\":\"K\\\"öln\",\"days\":2})|now({})" },
        { "pythonic", "[now(a=True, b=None, c=[1, 2.5,], d={'x': (1, 'y'), \"z\": False}, e=-1_000, f=.5, g='')]", "", "now({\"a\":true,\"b\":null,\"c\":[1,2.5],\"d\":{\"x\":[1,\"y\"],\"z\":false},\"e\":-1000,\"f\":0.5,\"g\":\"\"})" },
        { "pythonic", "[now(a='it\\'s \\x41\\u00e9\\n\\\\', b=\"say \\\"hi\\\"\", c=word,)]", "", "now({\"a\":\"it's Aé\\n\\\\\",\"b\":\"say \\\"hi\\\"\",\"c\":\"word\"})" },
        { "pythonic", "[now(a=\"\"\"say \"hi\" or \"\"\n\\\"now\"\"\", b='''it''s''', c='''''', d=\"\", e='')]", "", "now({\"a\":\"say \\\"hi\\\" or \\\"\\\"\\u000a\\\"now\",\"b\":\"it''s\",\"c\":\"\",\"d\":\"\",\"e\":\"\"})" },
        { "pythonic", "[now(a=['', \"\" , ''], b={'': ''}, c=\"\"), now(a='')]", "", "now({\"a\":[\"\",\"\",\"\"],\"b\":{\"\":\"\"},\"c\":\"\"})|now({\"a\":\"\"})" },
        { "pythonic", "[now(a=r\"\\d\\n\\\"x\", b=R'\\\\', c=rb'''\\b''')]", "", "now({\"a\":\"\\\\d\\\\n\\\\\\\"x\",\"b\":\"\\\\\\\\\",\"c\":\"\\\\b\"})" },
        { "pythonic", "[now(a={1: 'x', None: 2, True : [3], 1.5:{2: 3}, 'k': {}, word: 4})]", "", "now({\"a\":{\"1\":\"x\",\"null\":2,\"true\":[3],\"1.5\":{\"2\":3},\"k\":{},\"word\":4}})" },
        { "pythonic", "[now(**{\"a\": {\"b\": [true, null]}, \"c\": \"\\ud83e\\udd92\"})]", "", "now({\"a\":{\"b\":[true,null]},\"c\":\"\\ud83e\\udd92\"})" },
        { "pythonic", "[rm(a=1)]", "[rm(a=1)]", "" },
        { "pythonic", "[1, 2]", "[1, 2]", "" },
        { "pythonic", "See [now()]", "See [now()]", "" },
        { "pythonic", "[now()] Done.", " Done.", "now({})" },
        { "pythonic", "[now(a=1, b=\"x", "", "now({\"a\":1,\"b\":\"x)" },
        { "pythonic", "[now(** {} ), now(**{'a': 1})]", "", "now({})|now({\"a\":1})" },
        { "pythonic", "[get_weather(\"Paris\")]", "[get_weather(\"Paris\")]", "" },
        { "pythonic", "[now(\"a=b\")] Done.", "[now(\"a=b\")] Done.", "" },
        { "pythonic", "[now(x, y=1)]", "[now(x, y=1)]", "" },
        { "pythonic", "[now(-1)]", "[now(-1)]", "" },
        { "pythonic", "[now(=1)]", "[now(=1)]", "" },
        { "pythonic", "[now(**word)]", "[now(**word)]", "" },
        { "pythonic", "[now(), get_weather('Bonn')]", ", get_weather('Bonn')]", "now({})" },
        { "pythonic", "[now(a=1, \"b=c\")] Done.", "\"b=c\")] Done.", "now({\"a\":1})" },
        { "pythonic", "[now(a=1, **{'b': 2})]", "**{'b': 2})]", "now({\"a\":1})" },
        { "pythonic", "[now(**{\"a\": 1}, b=2)]", ", b=2)]", "now({\"a\":1})" },
        { "pythonic", "[now(a=1] Done.", " Done.", "now({\"a\":1})" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Read_SplitAnywhere_GivesTheSameTextAndCalls(string format, string answer, string text, string calls)
    {
        Assert.Equal((text, calls), Read(format, [answer]));
        Assert.Equal((text, calls), Read(format, answer.Select(c => c.ToString())));
        for (int cut = 1; cut < answer.Length; cut++)
            Assert.Equal((text, calls), Read(format, [answer[..cut], answer[cut..]]));
    }

    /// <summary>What was shown cannot be taken back: it must be right whatever follows.</summary>
    [Theory]
    [MemberData(nameof(Answers))]
    public void Read_BeforeTheEnd_ShowsNothingThatTheWholeTakesBack(string format, string answer, string text, string calls)
    {
        for (int cut = 0; cut <= answer.Length; cut++)
        {
            (string shown, string called) = Read(format, [answer[..cut]], isWhole: false);
            Assert.StartsWith(shown, text);
            Assert.StartsWith(called.TrimEnd(')'), calls);
        }
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Read_WholeCalls_HaveArgumentsThatAreJson(string format, string answer, string text, string calls)
    {
        _ = text;
        foreach (ToolCall call in ToolCall.Join(Pieces(format, [answer])).Where(_ => calls.EndsWith("})", StringComparison.Ordinal)))
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(call.Arguments).RootElement.ValueKind);
    }

    [Fact]
    public void Read_ACall_NamesItOnceAndThenStreamsItsArguments()
    {
        List<ToolCallPiece> pieces = Pieces("hermes", ["<tool_call>{\"name\":\"now\",\"arguments\":{\"a\"", ":1", "}}", "</tool_call>"]);
        Assert.StartsWith("call_", pieces[0].Id);
        Assert.Equal(new ToolCallPiece(0, pieces[0].Id, "now", ""), pieces[0]);
        Assert.Equal(["{\"a\"", ":1", "}"], pieces.Skip(1).Select(piece => piece.Arguments));
        Assert.All(pieces.Skip(1), piece => Assert.Equal(new ToolCallPiece(0, null, null, piece.Arguments), piece));
    }

    [Theory]
    [InlineData("hermes", "<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call><tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call> x")]
    [InlineData("mistral", "[{\"name\":\"now\",\"arguments\":{}}, {\"name\":\"now\",\"arguments\":{}}] x")]
    [InlineData("llama3_json", "{\"name\":\"now\",\"parameters\":{}}; {\"name\":\"now\",\"parameters\":{}} x")]
    [InlineData("pythonic", "[now(), now()] x")]
    [InlineData("pythonic", "[now(**{}, a=1)] x")]
    public void Read_OneCallOnly_IsFinishedBehindIt(string format, string answer)
    {
        foreach (IEnumerable<string> pieces in (IEnumerable<string>[])[[answer], answer.Select(c => c.ToString())])
            Assert.Equal(("", "now({})"), Read(format, pieces, isParallel: false));
    }

    [Theory]
    [InlineData("mistral", "Hi [TOOL_CALLS] [1]", "Hi  [1]")]
    [InlineData("mistral", "Hi [TOOL_CALLS] [", "Hi  [")]
    [InlineData("mistral", "[TOOL_CALLS] [{\"name\": \"rm\"}]", " [{\"name\": \"rm\"}]")]
    [InlineData("llama3_json", "<|python_tag|>print(1)", "print(1)")]
    public void Read_MarkerIsAControlToken_IsNeverText(string format, string answer, string text) =>
        Assert.Equal((text, ""), Read(format, answer.Select(c => c.ToString()), hidesMarker: true));

    [Theory]
    [InlineData("mistral", "[{\"name\": \"get_wea")]
    [InlineData("llama3_json", "{\"na")]
    [InlineData("pythonic", "[get_wea")]
    [InlineData("pythonic", "[get_weather(ci")]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"")]
    public void Read_ForcedCallCutShort_IsNoText(string format, string answer) => Assert.Equal(("", ""), Read(format, [answer], isForced: true));

    /// <summary>It would have become a call.</summary>
    [Theory]
    [InlineData("hermes", "Well <tool_call>{\"name\": \"get_wea")]
    [InlineData("mistral", "Well [TOOL_CALLS] [{")]
    [InlineData("llama3_json", "Well <|python_tag|>{\"name")]
    public void Read_HalfACallThatWasCutOff_IsNoText(string format, string answer)
    {
        ToolCallReader reader = Reader(format, isParallel: true, isForced: false, hidesMarker: false);
        reader.Read(answer, isEnd: false);
        string text = reader.Content.ToString();
        reader.Read("", isEnd: true, isCutOff: true);

        Assert.Equal(("Well", ""), (text, reader.Content.ToString()));
        Assert.Empty(reader.Pieces);
    }

    /// <summary>The calls of a history are told to the model as it would write them itself.</summary>
    [Theory]
    [InlineData("hermes")]
    [InlineData("mistral")]
    [InlineData("llama3_json")]
    [InlineData("pythonic")]
    public void Write_RandomArguments_AreReadBack(string format)
    {
        var random = new Random(7);
        for (int i = 0; i < 300; i++)
        {
            JsonObject arguments = RandomObject(random, depth: 2);
            string written = ToolFormat.Of(format, Chat).Write([new ChatToolCall("", "now", arguments.ToJsonString())]);
            ToolCall call = Assert.Single(ToolCall.Join(Pieces(format, [written])));
            Assert.True(JsonNode.DeepEquals(arguments, JsonNode.Parse(call.Arguments)), written);
        }
    }

    private static JsonObject RandomObject(Random random, int depth)
    {
        var members = new JsonObject();
        for (int count = random.Next(4); members.Count < count;)
            members[RandomText(random)] = RandomValue(random, depth);
        return members;
    }

    private static JsonNode? RandomValue(Random random, int depth) => random.Next(depth > 0 ? 7 : 5) switch
    {
        0 => null,
        1 => random.Next(2) == 0,
        2 => random.Next(-1000, 1000),
        3 => random.Next(-1000, 1000) / 8.0,
        4 => RandomText(random),
        5 => new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => RandomValue(random, depth - 1))]),
        _ => RandomObject(random, depth - 1),
    };

    /// <summary>Mostly what names are made of, and what quotes, ends or separates in some format.</summary>
    private static string RandomText(Random random)
    {
        string[] parts = ["a", "b", "city", "_", "7", "é", "🦒", " ", "\n", "\"", "'", "\\", "\\u0041", "=", ",", ")", "]", "}", "{", "*", ":"];
        return string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => parts[random.Next(random.Next(2) == 0 ? 4 : parts.Length)]));
    }

    private static (string Text, string Calls) Read(
        string format, IEnumerable<string> pieces, bool isWhole = true, bool isParallel = true, bool isForced = false, bool hidesMarker = false)
    {
        ToolCallReader reader = Reader(format, isParallel, isForced, hidesMarker);
        var text = new StringBuilder();
        var calls = new List<ToolCallPiece>();
        foreach (string? piece in isWhole ? (IEnumerable<string?>)[.. pieces, null] : pieces)
        {
            reader.Read(piece ?? "", isEnd: piece is null);
            text.Append(reader.Content);
            calls.AddRange(reader.Pieces);
        }
        return (text.ToString(), string.Join("|", ToolCall.Join(calls).Select(call => $"{call.Name}({call.Arguments})")));
    }

    private static List<ToolCallPiece> Pieces(string format, IEnumerable<string> pieces)
    {
        ToolCallReader reader = Reader(format, isParallel: true, isForced: false, hidesMarker: false);
        var calls = new List<ToolCallPiece>();
        foreach (string piece in pieces)
        {
            reader.Read(piece, isEnd: false);
            calls.AddRange(reader.Pieces);
        }
        return calls;
    }

    private static ToolCallReader Reader(string format, bool isParallel, bool isForced, bool hidesMarker) =>
        ToolFormat.Of(format, Chat).CreateReader(new CallRules(new HashSet<string> { "now", "get_weather" }, isParallel, isForced, hidesMarker));
}
