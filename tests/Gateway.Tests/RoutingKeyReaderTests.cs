using System.Text;
using System.Text.Json;
using CsCheck;
using Llama.Gateway.Balancing;

namespace Llama.Gateway.Tests;

public sealed class RoutingKeyReaderTests
{
    private const string Chat = "/v1/chat/completions", Completions = "/v1/completions", Responses = "/v1/responses";

    private static readonly Gen<string> Text = Gen.String[Gen.Char["aä\"\\\n€{}[] "], 1, 30];

    private static readonly string[] Fields = ["\"model\":\"m\"", "\"stream\":true", "\"cache_salt\":\"s\"", "\"stop\":[\"a\",[1]]", "\"messages\":[{\"content\":\"x\",\"role\":\"user\"}]"];

    [Fact]
    public void Read_ConversationGrows_KeyStays() => Gen.Select(Text, Text.Array[1, 9], Gen.Int[1, 8]).Sample((system, turns, count) =>
    {
        string[] first = [.. turns.Take(count)];

        Assert.Equal(Prefix(Chat, Conversation(system, first)), Prefix(Chat, Conversation(system, turns)));
        Assert.Equal(Prefix(Responses, Items(system, first)), Prefix(Responses, Items(system, turns)));
    });

    [Fact]
    public void Read_OneSystemPrompt_UsersAreSpread() => Gen.Select(Text, Text, Text).Where((_, one, other) => one != other).Sample((system, one, other) =>
    {
        Assert.NotEqual(Prefix(Chat, Conversation(system, [one])), Prefix(Chat, Conversation(system, [other])));
        Assert.NotEqual(Prefix(Responses, Items(system, [one])), Prefix(Responses, Items(system, [other])));
    });

    [Fact]
    public void Read_FieldsInAnyOrder_KeyIsTheSame() => Gen.Shuffle(Fields)
        .Sample(fields => Assert.Equal(
            Prefix(Chat, """{"model":"m","cache_salt":"s","messages":[{"content":"x","role":"user"}]}"""), Prefix(Chat, $"{{{string.Join(',', fields)}}}")));

    [Theory]
    [InlineData("""{"model":"n","messages":[{"role":"user","content":"x"}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"cache_salt":"s"}""")]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"x"}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"y"}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"prompt_cache_key":"k"}""")]
    public void Read_AnythingElseThatBegins_KeyIsAnother(string other) =>
        Assert.NotEqual(Prefix(Chat, """{"model":"m","messages":[{"role":"user","content":"x"}]}"""), Prefix(Chat, other));

    [Fact]
    public void Read_CacheKeyOfTheCaller_DecidesAlone() => Assert.Equal(
        Prefix(Chat, """{"model":"m","prompt_cache_key":"k","messages":[{"role":"user","content":"x"}]}"""),
        Prefix(Chat, """{"model":"m","messages":[{"role":"user","content":"y"}],"prompt_cache_key":"k"}"""));

    [Theory]
    [InlineData("'long'", "'long and more'")]
    [InlineData("['long', 'b']", "['long and more']")]
    [InlineData("[1,2,3]", "[[1,2,3]]")]
    public void Read_PromptsThatBeginAlike_HaveOneKey(string one, string other)
    {
        string beginning = new('x', 300);
        string Body(string prompt) => $$"""{"prompt":{{prompt.Replace('\'', '"').Replace("long", beginning)}},"model":"m"}""";

        Assert.NotNull(Prefix(Completions, Body(one)));
        Assert.Equal(Prefix(Completions, Body(one)), Prefix(Completions, Body(other)));
        Assert.NotEqual(Prefix(Completions, Body(one)), Prefix(Completions, Body(one).Replace("\"m\"", "\"n\""))); // what follows a prompt in pieces is read
    }

    [Fact]
    public void Read_TokensThatBeginAlike_HaveOneKey()
    {
        string tokens = string.Join(',', Enumerable.Range(100, 64));

        Assert.Equal(Prefix(Completions, $$"""{"prompt":[{{tokens}}],"model":"m"}"""), Prefix(Completions, $$"""{"prompt":[{{tokens}},7,8],"model":"m"}"""));
        Assert.NotEqual(Prefix(Completions, $$"""{"prompt":[{{tokens}}]}"""), Prefix(Completions, $$"""{"prompt":[1,{{tokens}}]}"""));
    }

    [Theory]
    [InlineData("/v1/responses", """{"input":"x","previous_response_id":"resp_1"}""", "resp_1")]
    [InlineData("/v1/responses", """{"input":[{"role":"user","content":"x"},{"type":"item_reference","id":"msg_1"}]}""", "msg_1")]
    [InlineData("/v1/responses/input_tokens", """{"input":"x","previous_response_id":"resp_1"}""", "resp_1")]
    [InlineData("/v1/responses/resp_1", "", "resp_1")]
    [InlineData("/v1/responses/resp_1/input_items", "", "resp_1")]
    [InlineData("/v1/responses", """{"input":"x","previous_response_id":null}""", null)]
    [InlineData("/v1/responses", """{"input":[{"role":"user","content":"x","id":"msg_1"}]}""", null)]
    public void Read_WhatNamesSomethingStored_SaysSo(string path, string body, string? id) => Assert.Equal(id, RoutingKeyReader.Read(path, Encoding.UTF8.GetBytes(body)).StoredId);

    [Theory]
    [InlineData("/v1/chat/completions", "")]
    [InlineData("/v1/chat/completions", "[]")]
    [InlineData("/v1/chat/completions", """{"messages":[]}""")]
    [InlineData("/v1/chat/completions", """{"messages":"x","model":{"a":1}}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}]""")]
    [InlineData("/v1/completions", """{"prompt":[[],1]}""")]
    [InlineData("/v1/embeddings", """{"input":"x"}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"\ud800abc","content":"x"},{"role":"user","content":"x"}]}""")]
    [InlineData("/v1/responses", """{"input":[{"type":"item_reference","id":"\ud800"}]}""")]
    [InlineData("/v1/responses", """{"input":"x","previous_response_id":"\ud800"}""")]
    [InlineData("/swagger", "")]
    public void Read_WhatHasNoPrefix_HasNoKey(string path, string body) => Assert.Equal(RoutingKey.None, RoutingKeyReader.Read(path, Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Read_AnyBytes_ThrowsNothing() => Gen.Select(Gen.Const(Conversation("s", ["a", "b"])), Gen.Int[0, 200], Gen.Byte).Sample((text, at, value) =>
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        body[at % body.Length] = value;
        RoutingKeyReader.Read(Chat, body);
        RoutingKeyReader.Read(Completions, body);
        RoutingKeyReader.Read(Responses, body.AsSpan(0, at % body.Length));
    });

    private static ulong? Prefix(string path, string body) => RoutingKeyReader.Read(path, Encoding.UTF8.GetBytes(body)).Prefix;

    private static string Conversation(string system, string[] turns) => JsonSerializer.Serialize(new { model = "m", messages = (object[])[new { role = "system", content = system }, .. Turns(turns)] });

    private static string Items(string instructions, string[] turns) => JsonSerializer.Serialize(new { model = "m", input = Turns(turns), instructions });

    private static object[] Turns(string[] turns) => [.. turns.Select((turn, i) => new { role = i % 2 == 0 ? "user" : "assistant", content = turn })];
}
