using System.Net;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests.Guidance;

/// <summary>What cannot be enforced is refused with its place.</summary>
public sealed class GuidanceErrorTests(ErrorTests.Ready ready) : IClassFixture<ErrorTests.Ready>
{
    [Theory]
    [InlineData("""{"type":"json_schema"}""", "missing_required_parameter", "response_format.json_schema")]
    [InlineData("""{"type":"json_schema","json_schema":{"schema":{}}}""", "missing_required_parameter", "response_format.json_schema.name")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a b","schema":{}}}""", "invalid_value", "response_format.json_schema.name")]
    [InlineData("""{"type":"json_object","json_schema":{"name":"a"}}""", "invalid_value", "response_format")]
    [InlineData("""{"type":"yaml"}""", "unsupported_value", "response_format.type")]
    [InlineData("""{}""", "missing_required_parameter", "response_format.type")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a","schema":7}}""", "invalid_type", "response_format.json_schema.schema")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"x":{"not":{"const":1}}}}}}""", "invalid_value", "response_format.json_schema.schema.properties.x.not")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"object","properties":{"x":{"type":"string"}}}}}""", "invalid_value", "response_format.json_schema.schema.additionalProperties")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a","schema":{"$ref":"#"}}}""", "invalid_value", "response_format.json_schema.schema")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"integer","minimum":3,"maximum":2}}}""", "invalid_value", "response_format.json_schema.schema")]
    [InlineData("""{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"string","pattern":"(?=a)"}}}""", "invalid_value", "response_format.json_schema.schema.pattern")]
    public async Task ResponseFormat_Bad_NamesThePlace(string format, string code, string param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Chat("\"response_format\":" + format));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, code, param);
    }

    [Theory]
    [InlineData("\"guided_regex\":\"a(b\"", "guided_regex")]
    [InlineData("\"guided_regex\":\"(a)\\\\1\"", "guided_regex")]
    [InlineData("\"guided_choice\":[]", "guided_choice")]
    [InlineData("\"guided_json\":\"{\"", "guided_json")]
    [InlineData("\"guided_json\":{},\"guided_regex\":\"a\"", "guided_regex")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"},\"structured_outputs\":{\"regex\":\"a\"}", "structured_outputs.regex")]
    [InlineData("\"guided_regex\":\"a\",\"bad_words\":[\"b\"]", "bad_words")]
    [InlineData("\"guided_regex\":\"a\",\"allowed_token_ids\":[5]", "allowed_token_ids")]
    [InlineData("\"bad_words\":[\"b\"],\"allowed_token_ids\":[5]", "bad_words")]
    [InlineData("\"guided_regex\":\"a\",\"stop_token_ids\":[5],\"min_tokens\":1", "min_tokens")]
    [InlineData("\"bad_words\":[\"\"]", "bad_words[0]")]
    [InlineData("\"allowed_token_ids\":[]", "allowed_token_ids")]
    [InlineData("\"allowed_token_ids\":[999999]", "allowed_token_ids[0]")]
    [InlineData("\"allowed_token_ids\":[2],\"min_tokens\":1", "allowed_token_ids")]
    [InlineData("\"typical_p\":0", "typical_p")]
    public async Task GuidingField_Bad_IsNamed(string fields, string param)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Chat(fields));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", param);
    }
}
