using System.Text.Json.Nodes;
using Llama.Server.Parsing;
using Llama.Server.Swagger;
using Llama.Server.Tests.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Llama.Server.Tests;

/// <summary>The OpenAPI document: valid, complete, and true.</summary>
public sealed class ApiDescriptionTests(ApiDescriptionTests.Described described) : IClassFixture<ApiDescriptionTests.Described>
{
    public static TheoryData<string> Bodies() => [.. RouteTables.All.SelectMany(table => table.Routes)];

    [Fact]
    public void Document_Read_IsValid()
    {
        ReadResult read = OpenApiDocument.Parse(described.Text, "json");

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_0, read.Diagnostic.SpecificationVersion);
        Assert.NotEmpty(read.Document!.Paths);
    }

    [Fact]
    public void Document_Any_HasEveryMappedRoute()
    {
        IEnumerable<string> mapped = described.Endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null)
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []).Where(method => method != "HEAD").Select(method => // what answers unmatched requests takes any
                $"{method} /{endpoint.RoutePattern.RawText!.Trim('/').Replace("{**", "{", StringComparison.Ordinal)}"));

        Assert.Equal(mapped.Order(), described.Paths.SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}")).Order());
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Document_RouteWithBody_HasEveryFieldAndItsShape(string route)
    {
        JsonNode schema = described.Body(route)["schema"]!;

        AssertFields(RouteTables.All.Single(table => table.Routes.Contains(route)).Fields, schema);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Document_RouteWithBody_DescribesItsErrors(string route)
    {
        JsonObject answers = described.Paths[route]!["post"]!["responses"]!.AsObject();

        Assert.Equal(["200", "400", "401", "404", "413", "415", "429", "500", "503"], answers.Select(answer => answer.Key).Order());
        foreach ((string status, JsonNode? answer) in answers.Where(answer => answer.Key != "200"))
        {
            JsonNode media = answer!["content"]!["application/json"]!;
            Assert.Equal("#/components/schemas/ErrorBody", (string?)media["schema"]!["$ref"]);
            Assert.Equal(["code", "message", "param", "type"], media["example"]!["error"]!.AsObject().Select(pair => pair.Key).Order());
            Assert.Equal(status is "429" or "503", answer["headers"]!["Retry-After"] is not null);
        }
    }

    [Theory]
    [InlineData("/health/live", "200", "503")]
    [InlineData("/v1/models", "200", "401", "500")]
    [InlineData("/v1/models/{id}", "200", "401", "404", "500")]
    public void Document_RouteWithoutBody_DescribesItsErrors(string route, params string[] statuses) =>
        Assert.Equal(statuses, described.Paths[route]!["get"]!["responses"]!.AsObject().Select(answer => answer.Key).Order());

    [Theory]
    [InlineData("/v1/responses/{id}", "id", "include", "include_obfuscation", "starting_after", "stream")]
    [InlineData("/v1/responses/{id}/input_items", "after", "before", "id", "include", "limit", "order")]
    public async Task Document_RouteWithQuery_HasItsParameters(string route, params string[] names)
    {
        JsonArray parameters = described.Paths[route]!["get"]!["parameters"]!.AsArray();

        Assert.Equal(names, parameters.Select(parameter => (string)parameter!["name"]!).Order());
        foreach (string name in names.Except(["id"]))
        {
            HttpResponseMessage answer = await described.Client.GetAsync($"{route.Replace("{id}", "resp_none", StringComparison.Ordinal)}?{name}=0");
            Assert.NotEqual("unknown_parameter", (string?)(await TestApp.ReadJsonAsync(answer))["error"]!["code"]);
        }
    }

    [Fact]
    public void Document_Answers_SayWhatIsAlwaysThere()
    {
        JsonNode schemas = JsonNode.Parse(described.Text)!["components"]!["schemas"]!;

        Assert.Equal(["choices", "created", "id", "model", "object", "system_fingerprint", "usage"], Required("ChatCompletion"));
        Assert.Equal(["choices", "created", "id", "model", "object", "system_fingerprint"], Required("ChatCompletionChunk"));
        Assert.Equal(["message", "type"], Required("ErrorDetail"));
        Assert.Equal(["input_tokens", "object"], Required("InputTokens"));
        Assert.True((bool)schemas["CompletionChoice"]!["properties"]!["logprobs"]!["nullable"]!);

        IEnumerable<string> Required(string name) => schemas[name]!["required"]!.AsArray().Select(property => (string)property!).Order();
    }

    [Theory]
    [InlineData("/v1/chat/completions", "ChatCompletionChunk")]
    [InlineData("/v1/completions", "CompletionChunk")]
    public void Document_RouteThatStreams_DescribesItsChunks(string route, string chunk)
    {
        JsonNode answers = described.Paths[route]!["post"]!["responses"]!["200"]!["content"]!;

        Assert.Equal($"#/components/schemas/{chunk}", (string?)answers["text/event-stream"]!["schema"]!["$ref"]);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Examples_Pressed_AreAnswered(string route)
    {
        JsonNode body = described.Body(route);
        JsonNode[] examples = body["example"] is { } one ? [one] : [.. body["examples"]!.AsObject().Select(example => example.Value!["value"]!)];

        Assert.NotEmpty(examples);
        foreach (JsonNode example in examples)
        {
            HttpResponseMessage answer = await described.Client.PostAsync(route, TestApp.Json(example.ToJsonString()));
            Assert.True(answer.IsSuccessStatusCode, $"{example.ToJsonString()}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task Page_Any_ShowsStreamsWhileTheyRun()
    {
        string page = await described.Client.GetStringAsync("/swagger/index.html");
        HttpResponseMessage script = await described.Client.GetAsync("/swagger/live-stream.js");

        Assert.Contains("/swagger/live-stream.js", page);
        Assert.Contains("showStreams", await described.Client.GetStringAsync("/swagger/index.js"));
        Assert.Equal("text/javascript", script.Content.Headers.ContentType?.MediaType);
        Assert.Contains("window.showStreams = ", await script.Content.ReadAsStringAsync());
    }

    private static void AssertFields(IReadOnlyList<IField> fields, JsonNode schema)
    {
        JsonObject properties = schema["properties"]!.AsObject();
        Assert.Equal(fields.Select(field => field.Name).Order(), properties.Select(property => property.Key).Order());
        foreach (IField field in fields)
        {
            JsonNode property = properties[field.Name]!;
            Assert.NotEmpty((string)property["description"]!);
            Assert.Equal(field.IsRequired, schema["required"]?.AsArray().Any(name => (string?)name == field.Name) ?? false);
            if (field.Treatment != FieldTreatment.Refused)
                AssertShape(field.Shape, property, field.Name);
        }
    }

    private static void AssertShape(FieldShape shape, JsonNode schema, string name)
    {
        Assert.True(schema["type"] is not null || schema["oneOf"] is not null, $"'{name}' says nothing about what it takes.");
        Assert.Equal(shape.Words, schema["enum"]?.AsArray().Select(word => (string)word!) ?? []);
        if (shape.Fields is { } own)
            AssertFields(own, schema);
        if (shape.Item is { } item && item != FieldShape.Any)
            AssertShape(item, schema["items"]!, name);
        foreach ((FieldShape alternative, JsonNode? described) in shape.Alternatives.Zip(schema["oneOf"]?.AsArray() ?? []))
            AssertShape(alternative, described!, name);
    }

    /// <summary>One server and its document.</summary>
    public sealed class Described : IAsyncLifetime
    {
        private readonly TestApp _app = new() { Reply = "A giraffe is a tall animal." };

        public HttpClient Client { get; private set; } = null!;

        public string Text { get; private set; } = "";

        public JsonObject Paths { get; private set; } = [];

        public IEnumerable<RouteEndpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

        public JsonNode Body(string route) => Paths[route]!["post"]!["requestBody"]!["content"]!["application/json"]!;

        public async Task InitializeAsync()
        {
            Client = await _app.StartAsync();
            Text = await Client.GetStringAsync("/swagger/v1/swagger.json");
            Paths = JsonNode.Parse(Text)!["paths"]!.AsObject();
        }

        public async Task DisposeAsync() => await _app.DisposeAsync();
    }
}
