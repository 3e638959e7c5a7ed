using System.CommandLine;
using System.CommandLine.Parsing;
using Llama.Server.Bench.Local;
using Llama.Server.Bench.Measuring;
using Llama.Server.CommandLine;
using Llama.Server.Configuration;

namespace Llama.Server.Bench.Compare;

/// <summary>What <c>bench latency</c> takes with <c>--compare</c>.</summary>
internal sealed class CompareOptions
{
    private readonly Option<bool> _compare = new("--compare") { Description = "Measure every mode that this machine can run, each in a process of its own, on the same prompt." };
    private readonly Option<string[]> _modes = new("--modes")
    {
        Description = "With --compare: these alone, separated by commas; the first that runs is what others are compared with.",
        HelpName = "name,…",
        CustomParser = ParseModes,
    };
    private readonly Option<string?> _prompt = new("--prompt") { Description = "With --compare: a question to ask, in the model's chat format, in place of random tokens.", HelpName = "text" };
    private readonly Option<int> _rounds = BenchOptions.Count("--rounds", "With --compare: processes that a mode's runs are shared out to; all modes take turns in each round.", 2);
    private readonly Option<string?> _markdown = File("--markdown", "With --compare: also write the table there."), _json = File("--json", "With --compare: also write the last line there.");
    private readonly Option<string?> _chart = File("--chart", "With --compare: also draw rates and memory there, as SVG.");

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_compare, .. Own]) command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_compare)) return;
            foreach (Option option in Own.Where(option => result.GetResult(option) is { Implicit: false })) result.AddError($"{option.Name} goes with --compare; add that, or take it out.");
        });
    }

    private Option[] Own => [_modes, _prompt, _rounds, _markdown, _json, _chart];

    /// <summary>Whether modes are to be compared.</summary>
    public bool IsAsked(ParseResult parsed) => parsed.GetValue(_compare);

    /// <summary>Compares.</summary>
    /// <param name="parsed">Of the command.</param>
    /// <param name="basics">What holds with and without <c>--compare</c>.</param>
    /// <param name="cancellation">Ends it; what there is is reported.</param>
    /// <exception cref="VerbException">A file cannot be written where it is to go.</exception>
    public async Task<int> RunAsync(ParseResult parsed, LatencyPlan basics, CancellationToken cancellation)
    {
        if (basics is not { Batch: 1, SeenPrefix: 0, PromptTokens.Length: 1 }) throw new VerbException("--compare asks one prompt of one length: leave out --batch and --seen-prefix, and give --prompt-tokens one number.");
        string[] modes = parsed.GetValue(_modes) is { Length: > 0 } asked ? asked : [.. ComparedModes.All.Select(mode => mode.Name)];
        int rounds = Math.Min(parsed.GetValue(_rounds), basics.Runs);
        ComparePlan plan = new(modes, parsed.GetValue(_prompt), basics.PromptTokens[0], basics.NewTokens, basics.WarmUp, basics.Runs, rounds, basics.Seed, basics.ServerSettings);
        foreach (Option<string?> file in (Option<string?>[])[_markdown, _json, _chart]) CheckWritable(file.Name, parsed.GetValue(file));
        string?[] paths = [parsed.GetValue(_markdown), parsed.GetValue(_json), parsed.GetValue(_chart)];
        CompareReport report = await CompareBench.RunAsync(plan, new Progress(parsed.InvocationConfiguration.Error), cancellation);
        report.Write(parsed.InvocationConfiguration.Output);
        if (paths[0] is { } markdown) System.IO.File.WriteAllText(markdown, CompareTable.Markdown(report, Beside(markdown, paths[2])));
        if (paths[1] is { } json) System.IO.File.WriteAllText(json, report.Json() + "\n");
        if (paths[2] is { } chart) System.IO.File.WriteAllText(chart, CompareChart.Draw(report) + "\n");
        return cancellation.IsCancellationRequested ? BenchExit.Interrupted : report.Reference is null ? BenchExit.Failed : 0;
    }

    // Said before an hour of measuring, not after it.
    private static void CheckWritable(string option, string? path)
    {
        if (path is { Length: 0 }) throw new VerbException($"{option} is empty; name a file, or take it out.");
        if (path is not null && WritableFile.WhyNot(Path.GetFullPath(path)) is { } why) throw new VerbException($"{option} is '{path}', {why}");
    }

    private static string? Beside(string document, string? picture) => picture is null ? null : Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(document))!, Path.GetFullPath(picture));

    private static string[] ParseModes(ArgumentResult result)
    {
        string[] known = [.. ComparedModes.All.Select(mode => mode.Name)];
        List<string> names = [];
        foreach (string given in result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (Choices.Find(known, given) is { } name) names.Add(name);
            else result.AddError($"--modes names '{given}'; there are {string.Join(", ", known)}.");
        }
        return [.. names];
    }

    private static Option<string?> File(string name, string description) => new(name) { Description = description, HelpName = "file" };
}
