using System.CommandLine;
using System.Text.Json.Nodes;
using Llama.Server.Bench.Measuring;
using Llama.Server.Remote;

namespace Llama.Server.CommandLine.Terminal;

/// <summary>The options of <c>chat</c>.</summary>
internal sealed class ChatOptions
{
    private readonly Argument<string?> _question = new("question") { Description = "Asks this alone and ends.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<Uri?> _url = BenchOptions.Url("--url", $"The server (default {RemoteServer.Default.OriginalString}).");
    private readonly Option<string?> _model = new("--model") { Description = "Id of the model (default: the first of /v1/models)." };
    private readonly Option<string?> _apiKey = new("--api-key") { Description = "Sent as Authorization: Bearer (default: OPENAI_API_KEY of the environment; none when that is empty)." };
    private readonly Option<string?> _system = new("--system") { Description = "System prompt: what the model is told before all questions." };
    private readonly Option<double?> _temperature =
        BenchOptions.OptionalNumber("--temperature", "0 (always the likeliest token) to 2 (default: the server's).", "a number from 0 to 2", value => value is >= 0 and <= 2);
    private readonly Option<double?> _topP = BenchOptions.OptionalNumber(
        "--top-p", "Draws only from the likeliest tokens that make up this share, above 0 to 1 (default: the server's).", "a number above 0, up to 1", value => value is > 0 and <= 1);
    private readonly Option<int?> _maxTokens = BenchOptions.OptionalCount("--max-tokens", "Most tokens of an answer (default: the server's).");
    private readonly Option<long?> _seed = BenchOptions.OptionalSeed("--seed", "Of the drawing: the same question then gets the same answer.");
    private readonly Option<bool> _noStream = new("--no-stream") { Description = "Show answers when they are whole." };
    private readonly Option<bool> _whole = new("--whole") { Description = "Take all of standard input as one question." };

    public void AddTo(Command command)
    {
        command.Add(_question);
        foreach (Option option in new Option[] { _url, _model, _apiKey, _system, _temperature, _topP, _maxTokens, _seed, _noStream, _whole }) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_whole) && result.GetValue(_question) is not null) result.AddError("--whole reads the question from standard input, and one is given; leave one of the two out.");
        });
    }

    public ChatSettings Read(ParseResult parsed)
    {
        Dictionary<string, JsonNode> parameters = [];
        if (parsed.GetValue(_temperature) is { } temperature) parameters["temperature"] = temperature;
        if (parsed.GetValue(_topP) is { } topP) parameters["top_p"] = topP;
        if (parsed.GetValue(_maxTokens) is { } maxTokens) parameters["max_tokens"] = maxTokens;
        if (parsed.GetValue(_seed) is { } seed) parameters["seed"] = seed;
        string? key = parsed.GetValue(_apiKey) ?? Environment.GetEnvironmentVariable("OPENAI_API_KEY");
        return new ChatSettings(
            parsed.GetValue(_url) ?? RemoteServer.Default,
            string.IsNullOrEmpty(key) ? null : key,
            parsed.GetValue(_model),
            parsed.GetValue(_system),
            parameters,
            !parsed.GetValue(_noStream),
            parsed.GetValue(_question),
            parsed.GetValue(_whole));
    }
}
