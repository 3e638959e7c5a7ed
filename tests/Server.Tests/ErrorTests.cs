using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>The rows of the error table that a ready server can meet.</summary>
public sealed class ErrorTests(ErrorTests.Ready ready) : IClassFixture<ErrorTests.Ready>
{
    [Theory]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", "invalid_type", "temperature")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":2.1}""", "invalid_value", "temperature")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"top_p":0}""", "invalid_value", "top_p")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":1.5}""", "invalid_type", "max_tokens")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":0}""", "invalid_value", "max_tokens")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"repetition_penalty":1e-39}""", "invalid_value", "repetition_penalty")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":1,"max_completion_tokens":2}""", "invalid_value", "max_tokens")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"n":0}""", "invalid_value", "n")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"n":9}""", "invalid_value", "n")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"seed":9223372036854775808}""", "invalid_value", "seed")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"stop":["a","b","c","d","e"]}""", "invalid_value", "stop")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"stop":["a",""]}""", "invalid_value", "stop[1]")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"stop":["a",7]}""", "invalid_type", "stop[1]")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"logit_bias":{"5":101}}""", "invalid_value", "logit_bias.5")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"logit_bias":{"x":1}}""", "invalid_value", "logit_bias.x")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"logit_bias":{"999999":1}}""", "invalid_value", "logit_bias.999999")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"stop_token_ids":[1,999999]}""", "invalid_value", "stop_token_ids[1]")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"top_logprobs":2}""", "invalid_value", "top_logprobs")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"stream_options":{}}""", "invalid_value", "stream_options")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"x":1}}""", "unknown_parameter", "stream_options.x")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"min_tokens":5,"max_tokens":4}""", "invalid_value", "min_tokens")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"metadata":{"a":1}}""", "invalid_type", "metadata.a")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"request_timeout":0}""", "invalid_value", "request_timeout")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"temprature":1}""", "unknown_parameter", "temprature")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x","colour":1}]}""", "unknown_parameter", "messages[0].colour")]
    [InlineData("""{"model":"tiny","messages":[]}""", "invalid_value", "messages")]
    [InlineData("""{"model":"tiny","messages":"x"}""", "invalid_type", "messages")]
    [InlineData("""{"model":"tiny"}""", "missing_required_parameter", "messages")]
    [InlineData("""{"model":"tiny","messages":null}""", "missing_required_parameter", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", "missing_required_parameter", "model")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user"}]}""", "missing_required_parameter", "messages[0].content")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"},{"role":"user","content":7}]}""", "invalid_type", "messages[1].content")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"\ud800"}]}""", "invalid_value", "messages[0].content")]
    [InlineData("""{"model":"tiny","messages":[{"role":"alien","content":"x"}]}""", "invalid_value", "messages[0].role")]
    [InlineData("""{"model":"tiny","messages":[{"role":"tool","content":"x"}]}""", "missing_required_parameter", "messages[0].tool_call_id")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}""", "unsupported_value", "messages[0].content[0].type")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":[{"type":null,"text":"x"}]}]}""", "missing_required_parameter", "messages[0].content[0].type")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":[{"type":"text"}]}]}""", "missing_required_parameter", "messages[0].content[0].text")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"continue_final_message":true}""", "invalid_value", "continue_final_message")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"description":"\ud800"}}}]}""", "invalid_value", "tools[0].function.parameters")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"guided_json":{"description":"\ud800"}}""", "invalid_value", "guided_json")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"guided_json":"{\"const\":\"\\ud800\"}"}""", "invalid_value", "guided_json")]
    [InlineData("""[]""", "invalid_type", null)]
    [InlineData("""{"model":"tiny","model":"tiny"}""", "invalid_json", null)]
    [InlineData("""{"model":}""", "invalid_json", null)]
    [InlineData("", "invalid_json", null)]
    public async Task Chat_BadBody_NamesTheField(string body, string code, string? param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json(body));

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }

    /// <summary>Names of the request's own, quoted as far as they help.</summary>
    [Theory]
    [InlineData("""{"model":"NAME","messages":[{"role":"user","content":"x"}]}""", "The model '", "' does not exist here; the route /v1/models lists those that do.")]
    [InlineData("""{"model":"tiny","messages":[{"role":"user","content":"x"}],"NAME":1}""", "Unknown parameter: '", "'.")]
    [InlineData("""{"model":"tiny","messages":[{"role":"NAME","content":"x"}]}""", "Invalid value for 'messages[0].role': expected system, developer, user, assistant or tool, but got '", "'.")]
    public async Task Chat_NameOfAMegabyte_IsNotSentBackWhole(string body, string head, string tail)
    {
        foreach (int shift in new[] { 0, 1 })
        {
            string name = new string('x', shift) + string.Concat(Enumerable.Repeat("🦒", 250_000));
            HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json(body.Replace("NAME", name)));
            JsonNode error = (await TestApp.ReadJsonAsync(response))["error"]!;

            Assert.StartsWith(head, (string?)error["message"], StringComparison.Ordinal);
            Assert.EndsWith("🦒" + tail, (string?)error["message"], StringComparison.Ordinal);
            Assert.DoesNotContain("\uFFFD", (string?)error["message"], StringComparison.Ordinal);
            Assert.InRange(((string?)error["message"] + error["param"]).Length, 500, 17_000);
        }
    }

    /// <summary>An application that hosts the engine has the culture that it likes.</summary>
    [Fact]
    public void Number_OutOfRange_IsToldTheSameInEveryCulture()
    {
        using OtherCulture culture = new();
        var errors = new ReadErrors();
        new FieldReader(JsonElement.Parse("3"), "x", errors).Number(-1.5, 2.5);

        Assert.Equal("Invalid value for 'x': expected a number from -1.5 to 2.5, but got 3.", errors.First!.Message);
    }

    /// <summary>Deep within a schema, which is read late.</summary>
    [Theory]
    [InlineData("\u00ff\u00fe")]
    [InlineData("\u00c3")]
    public async Task Chat_NameThatIsNoUtf8_NamesTheSchema(string name)
    {
        string body = $$$"""{"model":"tiny","messages":[{"role":"user","content":"x"}],"guided_json":{"type":"object","properties":{"{{{name}}}":{} } } }""";
        using ByteArrayContent content = new(Encoding.Latin1.GetBytes(body)) { Headers = { ContentType = new("application/json") } };

        await AssertErrorAsync(await ready.Client.PostAsync("/v1/chat/completions", content), HttpStatusCode.BadRequest, "invalid_value", "guided_json");
    }

    [Theory]
    [InlineData("""{"model":"tiny","prompt":7}""", "invalid_type", "prompt")]
    [InlineData("""{"model":"tiny","prompt":[]}""", "invalid_value", "prompt")]
    [InlineData("""{"model":"tiny","prompt":["a",7]}""", "invalid_type", "prompt[1]")]
    [InlineData("""{"model":"tiny","prompt":["a",[7]]}""", "invalid_type", "prompt[1]")]
    [InlineData("""{"model":"tiny","prompt":[[7],"a"]}""", "invalid_type", "prompt[1]")]
    [InlineData("""{"model":"tiny","prompt":"a","logit_bias":{"05":1}}""", "invalid_value", "logit_bias.05")]
    [InlineData("""{"model":"tiny","prompt":"a","logit_bias":{"0":1,"00":1}}""", "invalid_value", "logit_bias.00")]
    [InlineData("""{"model":"tiny","prompt":"a","guided_json":"{\"type\":\"object\",\"type\":\"integer\"}"}""", "invalid_value", "guided_json")]
    [InlineData("""{"model":"tiny","prompt":"a","guided_json":"{"}""", "invalid_value", "guided_json")]
    [InlineData("""{"model":"tiny","prompt":[1,"a"]}""", "invalid_type", "prompt[1]")]
    [InlineData("""{"model":"tiny","prompt":[1,999999]}""", "invalid_value", "prompt[1]")]
    [InlineData("""{"model":"tiny","prompt":[[1],[1,999999]]}""", "invalid_value", "prompt[1][1]")]
    [InlineData("""{"model":"tiny","prompt":"a","logprobs":6}""", "invalid_value", "logprobs")]
    [InlineData("""{"model":"tiny","prompt":"a","logprobs":true}""", "invalid_type", "logprobs")]
    [InlineData("""{"model":"tiny","prompt":"a","n":2,"best_of":1}""", "invalid_value", "best_of")]
    [InlineData("""{"model":"tiny","prompt":"a","best_of":21}""", "invalid_value", "best_of")]
    [InlineData("""{"model":"tiny","prompt":"a","best_of":9}""", "invalid_value", "best_of")]
    [InlineData("""{"model":"tiny","prompt":"a","best_of":2,"stream":true}""", "invalid_value", "best_of")]
    [InlineData("""{"model":"tiny","prompt":"a","max_tokens":0}""", "invalid_value", "max_tokens")]
    [InlineData("""{"model":"tiny","prompt":"a","max_tokens":0,"echo":true,"min_tokens":1}""", "invalid_value", "min_tokens")]
    [InlineData("""{"model":"tiny","prompt":"a","prompt_logprobs":1,"stream":true}""", "invalid_value", "prompt_logprobs")]
    [InlineData("""{"model":"tiny","prompt":"a","prompt_logprobs":21}""", "invalid_value", "prompt_logprobs")]
    [InlineData("""{"model":"tiny","prompt":"a","suffix":"b"}""", "unsupported_parameter", "suffix")]
    [InlineData("""{"model":"tiny","prompt":["a","b","c"],"n":3}""", "invalid_value", "n")]
    [InlineData("""{"model":"tiny","prompt":["a","b","c","d","e","f","g","h","i"]}""", "invalid_value", "prompt")]
    [InlineData("""{"model":"tiny","prompt":"","add_special_tokens":false}""", "invalid_value", "prompt")]
    public async Task Completions_BadBody_NamesTheField(string body, string code, string? param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/completions", TestApp.Json(body));

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }

    [Theory]
    [InlineData("/tokenize", "{}", "missing_required_parameter", "prompt")]
    [InlineData("/tokenize", """{"prompt":"a","messages":[{"role":"user","content":"x"}]}""", "invalid_value", "prompt")]
    [InlineData("/tokenize", """{"prompt":"a","add_generation_prompt":true}""", "invalid_value", "add_generation_prompt")]
    [InlineData("/detokenize", "{}", "missing_required_parameter", "tokens")]
    [InlineData("/detokenize", """{"tokens":[1,999999]}""", "invalid_value", "tokens[1]")]
    [InlineData("/detokenize", """{"tokens":[1],"x":1}""", "unknown_parameter", "x")]
    public async Task Tokens_BadBody_NamesTheField(string route, string body, string code, string param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync(route, TestApp.Json(body));

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }

    [Theory]
    [InlineData("""{"model":"tiny"}""", "missing_required_parameter", "input")]
    [InlineData("""{"input":"a"}""", "missing_required_parameter", "model")]
    [InlineData("""{"model":"tiny","input":""}""", "invalid_value", "input")]
    [InlineData("""{"model":"tiny","input":[]}""", "invalid_value", "input")]
    [InlineData("""{"model":"tiny","input":["a",""]}""", "invalid_value", "input[1]")]
    [InlineData("""{"model":"tiny","input":["a",7]}""", "invalid_type", "input[1]")]
    [InlineData("""{"model":"tiny","input":[1,"a"]}""", "invalid_type", "input[1]")]
    [InlineData("""{"model":"tiny","input":[[1],[]]}""", "invalid_value", "input[1]")]
    [InlineData("""{"model":"tiny","input":[[1],[1,999999]]}""", "invalid_value", "input[1][1]")]
    [InlineData("""{"model":"tiny","input":7}""", "invalid_type", "input")]
    [InlineData("""{"model":"tiny","input":"a","encoding_format":"binary"}""", "invalid_value", "encoding_format")]
    [InlineData("""{"model":"tiny","input":"a","dimensions":256}""", "unsupported_value", "dimensions")]
    [InlineData("""{"model":"tiny","input":"a","dimensions":0}""", "invalid_value", "dimensions")]
    [InlineData("""{"model":"tiny","input":"a","dimensions":32.5}""", "invalid_type", "dimensions")]
    [InlineData("""{"model":"tiny","input":"a","x":1}""", "unknown_parameter", "x")]
    public async Task Embeddings_BadBody_NamesTheField(string body, string code, string param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/embeddings", TestApp.Json(body));

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }

    [Fact]
    public async Task Embeddings_TooManyOrTooLong_AreRefused()
    {
        string many = $"[{string.Join(',', Enumerable.Repeat("\"a\"", 2049))}]", tokens = $"[[1],[{string.Join(',', Enumerable.Repeat("5", 513))}]]";

        HttpResponseMessage tooMany = await ready.Client.PostAsync("/v1/embeddings", TestApp.Json($$"""{"model":"tiny","input":{{many}}}"""));
        HttpResponseMessage tooLong = await ready.Client.PostAsync("/v1/embeddings", TestApp.Json($$"""{"model":"tiny","input":{{tokens}}}"""));

        await AssertErrorAsync(tooMany, HttpStatusCode.BadRequest, "invalid_value", "input");
        JsonNode error = await AssertErrorAsync(tooLong, HttpStatusCode.BadRequest, "context_length_exceeded", "input[1]");
        Assert.Matches("512 tokens.*input has 513 tokens", (string?)error["message"]);
    }

    [Fact]
    public async Task Chat_MoreAnswersThanTheQueueHolds_Is400()
    {
        await using var app = new TestApp { Settings = { ["Scheduler:MaxQueueLength"] = "4" } };
        HttpClient client = await app.StartAsync();

        HttpResponseMessage fits = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1,\"n\":4"));
        HttpResponseMessage never = await client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":1,\"n\":5"));

        Assert.True(fits.IsSuccessStatusCode);
        JsonNode error = await AssertErrorAsync(never, HttpStatusCode.BadRequest, "invalid_value", "n");
        Assert.Contains("Scheduler:MaxQueueLength", (string?)error["message"]);
    }

    [Fact]
    public async Task Chat_MalformedJson_TellsLineAndByte()
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json("{\n  \"model\": tiny\n}"));

        JsonNode error = await AssertErrorAsync(response, HttpStatusCode.BadRequest, "invalid_json", null);
        Assert.Contains("line 2, byte 13", (string?)error["message"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    public async Task Chat_EmptyBody_IsSaidToBe(string body)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json(body));

        JsonNode error = await AssertErrorAsync(response, HttpStatusCode.BadRequest, "invalid_json", null);
        Assert.Equal("The body is not valid JSON: there is nothing in it.", (string?)error["message"]);
    }

    [Fact]
    public async Task Chat_FieldGivenTwice_IsNamed()
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json("""{"model":"tiny","model":"tiny"}"""));

        JsonNode error = await AssertErrorAsync(response, HttpStatusCode.BadRequest, "invalid_json", null);
        Assert.Equal("The body is not valid JSON: Duplicate property 'model'.", (string?)error["message"]);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("UTF8")]
    [InlineData("\"Utf-8\"")]
    public async Task ContentType_AnyNameOfUtf8_IsTaken(string charset)
    {
        StringContent body = TestApp.Chat("\"max_tokens\":1");
        body.Headers.Remove("Content-Type");
        body.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={charset}");

        Assert.True((await ready.Client.PostAsync("/v1/chat/completions", body)).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Chat_TooLong_GivesPromptAskedAndLimit()
    {
        HttpResponseMessage asked = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_tokens\":512"));
        HttpResponseMessage prompt = await ready.Client.PostAsync(
            "/v1/completions", TestApp.Json($$"""{"model":"tiny","prompt":"{{string.Concat(Enumerable.Repeat("zebra ", 600))}}"}"""));

        JsonNode error = await AssertErrorAsync(asked, HttpStatusCode.BadRequest, "context_length_exceeded", "messages");
        Assert.Matches("512 tokens.*prompt has [0-9]+ tokens.*asked for 512", (string?)error["message"]);
        await AssertErrorAsync(prompt, HttpStatusCode.BadRequest, "context_length_exceeded", "prompt");
    }

    [Fact]
    public async Task UnknownRoute_WhereIdsStand_Is404() =>
        await AssertErrorAsync(await ready.Client.PostAsync("/v1/responses/compact", TestApp.Json("{}")), HttpStatusCode.NotFound, "unknown_url", null);

    [Fact]
    public async Task UnknownRoute_Any_Is404InJson() =>
        await AssertErrorAsync(await ready.Client.GetAsync("/v2/nothing"), HttpStatusCode.NotFound, "unknown_url", null);

    [Theory]
    [InlineData("GET", "/v1/chat/completions", "POST")]
    [InlineData("OPTIONS", "/v1/completions", "POST")]
    [InlineData("PUT", "/v1/embeddings", "POST")]
    [InlineData("DELETE", "/v1/models", "GET, HEAD")]
    [InlineData("PUT", "/v1/responses/input_tokens", "POST")] // though {id} would fit too
    [InlineData("PUT", "/v1/responses/resp_1", "DELETE, GET, HEAD")]
    public async Task WrongMethod_Any_Is405InJson(string method, string route, string allowed)
    {
        HttpResponseMessage response = await ready.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), route));

        await AssertErrorAsync(response, HttpStatusCode.MethodNotAllowed, "method_not_allowed", null);
        Assert.Equal(allowed, string.Join(", ", response.Content.Headers.Allow));
    }

    [Fact]
    public async Task UnknownModel_Any_Is404()
    {
        HttpResponseMessage chat = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json("""{"model":"x","messages":[{"role":"user","content":"x"}]}"""));

        await AssertErrorAsync(chat, HttpStatusCode.NotFound, "model_not_found", "model");
        await AssertErrorAsync(await ready.Client.GetAsync("/v1/models/meta/x"), HttpStatusCode.NotFound, "model_not_found", "model");
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/embeddings")]
    [InlineData("/tokenize")]
    [InlineData("/detokenize")]
    public async Task ContentType_NotJson_Is415(string route) => await AssertErrorAsync(
        await ready.Client.PostAsync(route, new StringContent("{}", Encoding.UTF8, "text/plain")), HttpStatusCode.UnsupportedMediaType, "unsupported_media_type", null);

    [Fact]
    public async Task Body_Compressed_Is415()
    {
        StringContent body = TestApp.Chat(), plain = TestApp.Chat("\"max_tokens\":1");
        body.Headers.ContentEncoding.Add("gzip");
        plain.Headers.ContentEncoding.Add("identity");

        JsonNode error = await AssertErrorAsync(
            await ready.Client.PostAsync("/v1/chat/completions", body), HttpStatusCode.UnsupportedMediaType, "unsupported_media_type", null);

        Assert.Contains("'gzip'", (string?)error["message"]);
        Assert.True((await ready.Client.PostAsync("/v1/chat/completions", plain)).IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("my-id.1:2", true)]
    [InlineData("no spaces", false)]
    [InlineData("", false)]
    public async Task RequestId_FromTheCaller_IsKeptWhenSane(string id, bool isKept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.TryAddWithoutValidation("x-request-id", id);

        HttpResponseMessage response = await ready.Client.SendAsync(request);

        string given = response.Headers.GetValues("x-request-id").Single();
        Assert.Equal(isKept, given == id);
        Assert.NotEmpty(given);
    }

    internal static async Task<JsonNode> AssertErrorAsync(HttpResponseMessage response, HttpStatusCode status, string code, string? param)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.NotEmpty(response.Headers.GetValues("x-request-id").Single());
        JsonObject error = JsonNode.Parse(body)!["error"]!.AsObject();
        Assert.Equal(["code", "message", "param", "type"], error.Select(pair => pair.Key).Order());
        Assert.Equal(code, (string?)error["code"]);
        Assert.Equal(param, (string?)error["param"]);
        return error;
    }

    /// <summary>One server for all rows.</summary>
    public sealed class Ready : IAsyncLifetime
    {
        private readonly TestApp _app = new() { Settings = { ["Server:MaxChoices"] = "8" } };

        public HttpClient Client { get; private set; } = null!;

        public async Task InitializeAsync() => Client = await _app.StartAsync();

        public async Task DisposeAsync() => await _app.DisposeAsync();
    }
}
