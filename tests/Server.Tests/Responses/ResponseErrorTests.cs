using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Llama.Server.Responses;
using Llama.Server.Tests.Hosting;
using static Llama.Server.Tests.Responses.ResponseTranscript;

namespace Llama.Server.Tests.Responses;

/// <summary>Whatever is wrong with a request is said by name.</summary>
public sealed class ResponseErrorTests(ErrorTests.Ready ready) : IClassFixture<ErrorTests.Ready>
{
    public static TheoryData<string> Refused() => [.. ResponseFields.Create.Fields.Where(field => field.Treatment == FieldTreatment.Refused).Select(field => field.Name)];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task RefusedField_WithAValue_IsNamed(string name)
    {
        var body = new JsonObject { ["model"] = "tiny", ["input"] = "x", [name] = new JsonObject { ["type"] = "something" } };

        HttpResponseMessage response = await ready.Client.PostAsync("/v1/responses", TestApp.Json(body.ToJsonString()));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "unsupported_parameter", name);
    }

    [Theory]
    [InlineData(""" "temperature":1 """, "missing_required_parameter", "input")]
    [InlineData(""" "input":7 """, "invalid_type", "input")]
    [InlineData(""" "input":[] """, "invalid_value", "input")]
    [InlineData(""" "input":["Hi"] """, "invalid_type", "input[0]")]
    [InlineData(""" "input":[{"content":"Hi"}] """, "missing_required_parameter", "input[0].role")]
    [InlineData(""" "input":[{"role":"user"}] """, "missing_required_parameter", "input[0].content")]
    [InlineData(""" "input":[{"role":"tool","content":"Hi"}] """, "invalid_value", "input[0].role")]
    [InlineData(""" "input":[{"role":"user","content":"Hi","x":1}] """, "unknown_parameter", "input[0].x")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":null,"text":"x"}]}] """, "missing_required_parameter", "input[0].content[0].type")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}] """, "unsupported_value", "input[0].content[0].type")]
    [InlineData(""" "input":[{"role":"user","content":[{"type":"input_text"}]}] """, "missing_required_parameter", "input[0].content[0].text")]
    [InlineData(""" "input":[{"type":"reasoning","id":"rs_1","summary":[]}] """, "unsupported_value", "input[0].type")]
    [InlineData(""" "input":[{"type":"web_search_call","id":"ws_1"}] """, "unsupported_value", "input[0].type")]
    [InlineData(""" "input":[{"type":"item_reference","id":"msg_none"}] """, "item_not_found", "input[0].id")]
    [InlineData(""" "input":[{"role":"user","content":"Hi","id":"msg_1"},{"role":"user","content":"Ho","id":"msg_1"}] """, "invalid_value", "input[1].id")]
    [InlineData(""" "input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}] """, "invalid_value", "input")]
    [InlineData(""" "input":[{"type":"function_call_output","call_id":"c","output":"x"}] """, "invalid_value", "input")]
    [InlineData(""" "input":[{"type":"function_call_output","call_id":"c","output":7}] """, "invalid_type", "input[0].output")]
    [InlineData(""" "input":[{"role":"assistant","content":"Hi"}] """, "invalid_value", "input")]
    [InlineData(""" "input":"x","max_output_tokens":0 """, "invalid_value", "max_output_tokens")]
    [InlineData(""" "input":"x","max_output_tokens":512 """, "context_length_exceeded", "input")]
    [InlineData(""" "input":"x","top_logprobs":2 """, "invalid_value", "top_logprobs")]
    [InlineData(""" "input":"x","top_logprobs":21 """, "invalid_value", "top_logprobs")]
    [InlineData(""" "input":"x","include":["reasoning.encrypted_content"] """, "unsupported_value", "include[0]")]
    [InlineData(""" "input":"x","stream_options":{"include_usage":true},"stream":true """, "unknown_parameter", "stream_options.include_usage")]
    [InlineData(""" "input":"x","stream_options":{} """, "invalid_value", "stream_options")]
    [InlineData(""" "input":"x","previous_response_id":"resp_none" """, "previous_response_not_found", "previous_response_id")]
    [InlineData(""" "input":"x","truncation":"middle" """, "invalid_value", "truncation")]
    [InlineData(""" "input":"x","metadata":{"a":1} """, "invalid_type", "metadata.a")]
    [InlineData(""" "input":"x","reasoning":{"effort":"high"} """, "unsupported_parameter", "reasoning")]
    [InlineData(""" "input":"x","text":{"verbosity":"low"} """, "unsupported_parameter", "text.verbosity")]
    [InlineData(""" "input":"x","text":{"format":{"type":"grammar"}} """, "unsupported_value", "text.format.type")]
    [InlineData(""" "input":"x","text":{"format":{"type":"json_schema","name":"n"}} """, "missing_required_parameter", "text.format.schema")]
    [InlineData(""" "input":"x","text":{"format":{"type":"json_schema","schema":{}}} """, "missing_required_parameter", "text.format.name")]
    [InlineData(""" "input":"x","text":{"format":{"type":"text","name":"n"}} """, "invalid_value", "text.format")]
    [InlineData(""" "input":"x","text":{"format":{"type":"json_object"}},"guided_regex":"a" """, "invalid_value", "guided_regex")]
    [InlineData(""" "input":"x","tools":[{"type":"web_search_preview","search_context_size":"low"}] """, "unsupported_value", "tools[0].type")]
    [InlineData(""" "input":"x","tools":[{"type":"function","function":{"name":"f"}}] """, "unknown_parameter", "tools[0].function")]
    [InlineData(""" "input":"x","tools":[{"type":"function","name":"two words"}] """, "invalid_value", "tools[0].name")]
    [InlineData(""" "input":"x","tools":[{"type":"function","name":"f"},{"type":"function","name":"f"}] """, "invalid_value", "tools[1].name")]
    [InlineData(""" "input":"x","tools":[{"type":"function","name":"f","parameters":{"description":"\ud800"}}] """, "invalid_value", "tools[0].parameters")]
    [InlineData(""" "input":"x","tools":[{"type":"function","name":"f","parameters":{"x":[{"y":"\udc00"}]}}] """, "invalid_value", "tools[0].parameters")]
    [InlineData(""" "input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{"description":"\ud800"}}} """, "invalid_value", "text.format.schema")]
    [InlineData(""" "input":"x","tool_choice":"required" """, "invalid_value", "tool_choice")]
    [InlineData(""" "input":"x","tool_choice":"some" """, "invalid_value", "tool_choice")]
    [InlineData(""" "input":"x","tool_choice":{"type":"function","name":"f"} """, "invalid_value", "tool_choice")]
    [InlineData(""" "input":"x","tool_choice":{"type":"function"} """, "missing_required_parameter", "tool_choice.name")]
    [InlineData(""" "input":"x","tool_choice":{"type":"file_search"} """, "unsupported_value", "tool_choice.type")]
    [InlineData(""" "input":"x","tool_choice":{"type":"allowed_tools","mode":"auto"} """, "missing_required_parameter", "tool_choice.tools")]
    [InlineData(""" "input":"x","tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"mcp","server_label":"s"}]} """, "unsupported_value", "tool_choice.tools[0].type")]
    public async Task Create_BadBody_NamesTheField(string fields, string code, string param) => await ErrorTests.AssertErrorAsync(
        await PostAsync(ready.Client, fields), code == "item_not_found" ? HttpStatusCode.NotFound : HttpStatusCode.BadRequest, code, param);

    [Theory]
    [InlineData(""" "reasoning":null,"conversation":null,"prompt":null,"background":false,"include":null,"metadata":null,"tools":[],"tool_choice":"auto","n":1 """)]
    [InlineData(""" "reasoning":{"effort":"none","summary":null},"text":{"format":{"type":"text"},"verbosity":"medium"},"truncation":"disabled","service_tier":"auto" """)]
    [InlineData(""" "reasoning":{},"top_logprobs":0,"include":[],"parallel_tool_calls":false,"max_tool_calls":1,"context_management":[],"prompt_cache_retention":"in_memory" """)]
    [InlineData(""" "top_k":5,"min_p":0.1,"seed":1,"stop":["x"],"repetition_penalty":1.1,"min_tokens":1,"logit_bias":{"5":1},"priority":1,"cache_salt":"s","skip_special_tokens":false """)]
    public async Task Create_HarmlessValues_AreAccepted(string fields)
    {
        HttpResponseMessage response = await PostAsync(ready.Client, "\"input\":\"x\",\"max_output_tokens\":2," + fields);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Create_ConversationThatTheFormatRefuses_IsExplainedWithoutMessages()
    {
        HttpResponseMessage response = await PostAsync(ready.Client, """ "instructions":"Be brief.","input":[{"role":"assistant","content":"Hi"}] """);

        string message = (string)(await TestApp.ReadJsonAsync(response))["error"]!["message"]!;
        Assert.StartsWith("Invalid value for 'input': message 1 of the conversation", message);
        Assert.DoesNotContain("messages[", message);
    }

    [Theory]
    [InlineData("", "response_not_found", "response_id", HttpStatusCode.NotFound)]
    [InlineData("?stream=true", "unsupported_value", "stream", HttpStatusCode.BadRequest)]
    [InlineData("?starting_after=3", "unsupported_parameter", "starting_after", HttpStatusCode.BadRequest)]
    [InlineData("?include=file_search_call.results", "unsupported_value", "include", HttpStatusCode.BadRequest)]
    [InlineData("?x=1", "unknown_parameter", "x", HttpStatusCode.BadRequest)]
    [InlineData("/input_items", "response_not_found", "response_id", HttpStatusCode.NotFound)]
    [InlineData("/input_items?limit=101", "invalid_value", "limit", HttpStatusCode.BadRequest)]
    [InlineData("/input_items?order=up", "invalid_value", "order", HttpStatusCode.BadRequest)]
    [InlineData("/input_items?x=1", "unknown_parameter", "x", HttpStatusCode.BadRequest)]
    public async Task Get_Bad_NamesTheParameter(string rest, string code, string param, HttpStatusCode status) =>
        await ErrorTests.AssertErrorAsync(await ready.Client.GetAsync("/v1/responses/resp_none" + rest), status, code, param);

    [Fact]
    public async Task InputItems_AfterAnUnknownItem_Is400()
    {
        JsonNode response = await CreateAsync(ready.Client, "\"input\":\"x\",\"max_output_tokens\":1");

        await ErrorTests.AssertErrorAsync(await ready.Client.GetAsync($"/v1/responses/{response["id"]}/input_items?after=msg_none"), HttpStatusCode.BadRequest, "invalid_value", "after");
    }

    [Fact]
    public async Task Cancel_Any_IsRefused()
    {
        JsonNode response = await CreateAsync(ready.Client, "\"input\":\"x\",\"max_output_tokens\":1");

        await ErrorTests.AssertErrorAsync(await ready.Client.PostAsync($"/v1/responses/{response["id"]}/cancel", null), HttpStatusCode.BadRequest, "invalid_value", "response_id");
        await ErrorTests.AssertErrorAsync(await ready.Client.PostAsync("/v1/responses/resp_none/cancel", null), HttpStatusCode.NotFound, "response_not_found", "response_id");
    }

    [Fact]
    public async Task Create_UnknownModel_Is404() => await ErrorTests.AssertErrorAsync(
        await ready.Client.PostAsync("/v1/responses", TestApp.Json("""{"model":"x","input":"x"}""")), HttpStatusCode.NotFound, "model_not_found", "model");
}
