using System.Net;
using System.Text.Json.Nodes;
using Llama.Server.Chat;
using Llama.Server.Completions;
using Llama.Server.Embeddings;
using Llama.Server.Parsing;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

/// <summary>Rule one: no field is ignored silently.</summary>
public sealed class RefusedFieldTests(ErrorTests.Ready ready) : IClassFixture<ErrorTests.Ready>
{
    public static TheoryData<string, string> Refused()
    {
        var rows = new TheoryData<string, string>();
        foreach (IField field in ChatCompletionFields.Table.Fields.Where(field => field.Treatment == FieldTreatment.Refused))
            rows.Add("/v1/chat/completions", field.Name);
        foreach (IField field in CompletionFields.Table.Fields.Where(field => field.Treatment == FieldTreatment.Refused))
            rows.Add("/v1/completions", field.Name);
        foreach (IField field in EmbeddingFields.Table.Fields.Where(field => field.Treatment == FieldTreatment.Refused))
            rows.Add("/v1/embeddings", field.Name);
        return rows;
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task RefusedField_WithAValue_IsNamed(string route, string name)
    {
        var body = new JsonObject { ["model"] = "tiny", [name] = new JsonObject { ["type"] = "something" } };
        switch (route)
        {
            case "/v1/chat/completions":
                body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "x" });
                break;
            case "/v1/completions":
                body["prompt"] = "x";
                break;
            default:
                body["input"] = "x";
                break;
        }

        HttpResponseMessage response = await ready.Client.PostAsync(route, TestApp.Json(body.ToJsonString()));

        await ErrorTests.AssertErrorAsync(response, HttpStatusCode.BadRequest, "unsupported_parameter", name);
    }

    [Theory]
    [InlineData("""
        "tools":[],"tool_choice":"none","functions":[],"response_format":{"type":"text"},"parallel_tool_calls":true,"modalities":["text"],"typical_p":1.0,"bad_words":[]
        """)]
    [InlineData("""
        "n":1,"logprobs":false,"top_logprobs":0,"logit_bias":{},"stop":[],"stop_token_ids":[],"audio":null,"prediction":null,"temperature":null,"max_tokens":null,"stream_options":null
        """)]
    [InlineData("""
        "user":"u","metadata":{"a":"b"},"service_tier":"auto","store":false,"safety_identifier":"s","prompt_cache_key":"k","chat_template_kwargs":{},"use_beam_search":false
        """)]
    [InlineData("""
        "top_k":-1,"min_p":0.1,"repetition_penalty":1.1,"min_tokens":1,"ignore_eos":true,"skip_special_tokens":false,"priority":-3,"cache_salt":"s","request_timeout":60
        """)]
    [InlineData("""
        "add_generation_prompt":false,"include_stop_str_in_output":true,"seed":-5,"presence_penalty":-2,"frequency_penalty":2,"top_p":1,"stream":false
        """)]
    public async Task HarmlessValues_OfAnyField_AreAccepted(string fields)
    {
        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Chat("\"max_completion_tokens\":2," + fields));

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What clients put into a part of their own accord: OpenAI's Agents SDK the role of the answer that the text came from.</summary>
    [Theory]
    [InlineData("""
        "role":"assistant","refusal":null,"annotations":[]
        """)]
    [InlineData("""
        "prompt_cache_breakpoint":{"mode":"explicit"}
        """)]
    public async Task HarmlessValues_OfATextPart_AreAccepted(string fields)
    {
        string part = $$"""{"type":"text","text":"x",{{fields}}}""";

        HttpResponseMessage response = await ready.Client.PostAsync("/v1/chat/completions", TestApp.Json($$"""{"model":"tiny","max_tokens":2,"messages":[{"role":"user","content":[{{part}}]}]}"""));

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What the parsing helpers of OpenAI's clients add to an answer, and send along where it is given back.</summary>
    [Theory]
    [InlineData("/v1/chat/completions", "parsed", """
        "messages":[{"role":"user","content":"x"},{"role":"assistant","content":"{}"…},{"role":"user","content":"y"}]
        """)]
    [InlineData("/v1/chat/completions", "parsed_arguments", """
        "messages":[
            {"role":"user","content":"x"},
            {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"…}}]},
            {"role":"tool","tool_call_id":"c","content":"y"}]
        """)]
    [InlineData("/v1/responses", "parsed", """
        "input":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"output_text","text":"{}"…}]},{"role":"user","content":"y"}]
        """)]
    [InlineData("/v1/responses", "parsed_arguments", """
        "input":[
            {"role":"user","content":"x"},
            {"type":"function_call","call_id":"c","name":"f","arguments":"{}"…},
            {"type":"function_call_output","call_id":"c","output":"y"}]
        """)]
    public async Task WhatClientsParsed_GivenBack_IsAcceptedAndSaysNothing(string route, string name, string fields)
    {
        string body = $$"""{"model":"tiny",{{fields}}}""";
        int expected = await CountAsync(route, body.Replace("…", ""));

        foreach (string parsed in (string[])["""{"a":1}""", "[1]", "\"x\"", "2.5", "null"])
            Assert.Equal(expected, await CountAsync(route, body.Replace("…", $",\"{name}\":{parsed}")));
    }

    /// <summary>The tokens of a request's prompt, which is where a field could tell the model something.</summary>
    private async Task<int> CountAsync(string route, string body)
    {
        HttpResponseMessage response = await ready.Client.PostAsync($"{route}/input_tokens", TestApp.Json(body));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (int)(await TestApp.ReadJsonAsync(response))["input_tokens"]!;
    }
}
