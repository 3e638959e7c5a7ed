using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;

namespace Llama.Server.Bench.Load;

/// <summary>The options of <c>bench serve</c>, and the plan that they make.</summary>
internal sealed class ServeOptions
{
    private readonly Option<Uri?> _url = BenchOptions.Url("--url", "The server (default http://localhost:8080).");
    private readonly Option<Uri?> _compareUrl = BenchOptions.Url("--compare-url", "A second server: rounds alternate between the two, and ratios of the first to the second are told.");
    private readonly Option<string?> _apiKey = new("--api-key") { Description = "Sent as Authorization: Bearer." };
    private readonly Option<string?> _model = new("--model") { Description = "Id of the model (default: the first of /v1/models)." };
    private readonly Option<string> _endpoint = new("--endpoint") { Description = "Which route.", DefaultValueFactory = _ => ServePlan.Completions };
    private readonly Option<int[]> _concurrency = BenchOptions.Counts("--concurrency", "Closed loop: streams at once, each sending when its last answer has ended (default 16). Several are measured in turn, a column each.");
    private readonly Option<double?> _rate;
    private readonly Option<int?> _requests = BenchOptions.OptionalCount("--requests", "Requests in each round (default: four for each stream, 64 with --rate, or the whole dataset).");
    private readonly Option<NumberRange> _prompt = BenchOptions.Tokens("--prompt-tokens", "About how long prompts of random words are, as the server counts.", 128);
    private readonly Option<NumberRange> _fresh = BenchOptions.Tokens("--new-tokens", "Tokens to generate.", 128);
    private readonly Option<FileInfo?> _dataset = new("--dataset") { Description = "Take requests from a file instead, one {\"prompt\": \"…\", \"max_tokens\": 64} a line." };
    private readonly Option<int> _prefix = BenchOptions.Count("--prefix-tokens", "Tokens before each random prompt that the others of its group have too.", 0, least: 0);
    private readonly Option<int> _groups = BenchOptions.Count("--prefix-groups", "Number of such prefixes.", 1);
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Ask for ends to be ignored (ignore_eos), so that every answer is as long as asked.", DefaultValueFactory = _ => true };
    private readonly Option<double?> _temperature =
        BenchOptions.OptionalNumber("--temperature", "Of the sampling; 0 is greedy (default 0).", "a number of at least 0", value => value is >= 0 and < double.PositiveInfinity);
    private readonly Option<int> _warmUp = BenchOptions.Count("--warm-up", "Rounds that do not count, of one request for each stream.", 1, least: 0);
    private readonly Option<int?> _rounds = BenchOptions.OptionalCount("--rounds", "Rounds that count; rates are medians over them (default 1; 5 with --compare-url).");
    private readonly Option<string[]> _goodput = new("--goodput") { Description = "Targets in milliseconds, such as ttft:200 tpot:50 e2e:3000; goodput is the requests per second that kept to all.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<int> _timeout = BenchOptions.Count("--timeout", "Seconds after which a request has failed.", 600);
    private readonly Option<int> _seed = BenchOptions.Count("--seed", "Chooses prompts, lengths and arrivals.", 1, least: 0);

    public ServeOptions()
    {
        _rate = new Option<double?>("--rate") { Description = "Open loop instead: requests per second, arriving at random (Poisson); inf sends all at once.", CustomParser = ParseRate };
        _endpoint.TakesOneOf(ServePlan.Completions, ServePlan.Chat);
        _goodput.Validators.Add(result =>
        {
            if (!Goodput.TryParse(result.Tokens.Select(token => token.Value), out _, out string? fault)) result.AddError(fault!);
        });
    }

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _url, _compareUrl, _apiKey, _model, _endpoint, _concurrency, _rate, _requests, _prompt, _fresh, _dataset, _prefix, _groups, _ignoreEos, _temperature, _warmUp, _rounds,
            _goodput, _timeout, _seed,
        ];
        foreach (Option option in all) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_rate) is not null && result.GetResult(_concurrency) is { Implicit: false })
                result.AddError("--rate sends whatever the answers and --concurrency waits for them; give one of the two.");
            if (result.GetValue(_dataset) is { Exists: false } file) result.AddError($"--dataset is '{file}', but there is no such file.");
        });
    }

    public ServePlan Read(ParseResult parsed)
    {
        Goodput.TryParse(parsed.GetValue(_goodput) ?? [], out Goodput? goodput, out _);
        Uri? compareUrl = parsed.GetValue(_compareUrl);
        int[] concurrency = parsed.GetValue(_concurrency) is { Length: > 0 } several ? several : [16];
        return new ServePlan
        {
            Url = parsed.GetValue(_url) ?? new Uri("http://localhost:8080"),
            CompareUrl = compareUrl,
            ApiKey = parsed.GetValue(_apiKey),
            Model = parsed.GetValue(_model),
            Endpoint = parsed.GetValue(_endpoint)!,
            Shapes = parsed.GetValue(_rate) is { } rate ? [new LoadShape(null, rate)] : [.. concurrency.Select(streams => new LoadShape(streams, null))],
            Requests = parsed.GetValue(_requests),
            PromptTokens = parsed.GetValue(_prompt)!,
            NewTokens = parsed.GetValue(_fresh)!,
            Dataset = parsed.GetValue(_dataset)?.FullName,
            PrefixTokens = parsed.GetValue(_prefix),
            PrefixGroups = parsed.GetValue(_groups),
            IgnoreEos = parsed.GetValue(_ignoreEos),
            Temperature = parsed.GetValue(_temperature) ?? 0,
            WarmUp = parsed.GetValue(_warmUp),
            Rounds = parsed.GetValue(_rounds) ?? (compareUrl is null ? 1 : 5),
            Goodput = goodput,
            TimeoutSeconds = parsed.GetValue(_timeout),
            Seed = parsed.GetValue(_seed),
        };
    }

    private static double? ParseRate(ArgumentResult result)
    {
        string text = result.Tokens[^1].Value;
        if (text.Equals("inf", StringComparison.OrdinalIgnoreCase)) return double.PositiveInfinity;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate) && rate > 0) return rate;
        result.AddError($"--rate is '{text}'; give requests per second above 0, or inf.");
        return null;
    }
}
