using System.Text.Json.Nodes;
using Llama.Server.CommandLine;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Deployment;

/// <summary><c>deploy/gpu/check.sh</c> with a program in the server's place, which writes down what it is called with, and modules in those of torch and transformers.</summary>
public sealed class GpuCheckTests : IDisposable
{
    private const string Program = """
        #!/bin/bash
        echo "$*" >> "$CALLS"
        [[ " $FAILING " != *" $1 "* ]] || { echo "$1 fails" >&2; exit 1; }
        [ "$1 $2" != "bench latency" ] || echo '{"benchmark": "latency", "results": [{"prompt_tokens": 448, "ttft_ms": {"p50": 12.5}}]}'
        """;

    private const string Torch = """
        bfloat16 = long = None
        __version__ = "0"
        class Ids(list):
            shape = property(lambda self: (len(self), len(self[0])))
        def tensor(rows, device): return Ids(rows)
        def ones_like(ids): return ids
        class cuda:
            is_available = staticmethod(lambda: False)
        """;

    // Its manager has room for the sequences that it was made for.
    private const string Transformers = """
        import types
        import torch
        __version__ = "0"
        GenerationConfig = types.SimpleNamespace
        class Model:
            config, device, room = types.SimpleNamespace(vocab_size=100), "cpu", None
            def eval(self): return self
            def generate(self, ids, max_new_tokens, **other): return torch.Ids([row + [0] * max_new_tokens for row in ids])
            def generate_batch(self, prompts, generation_config, **other):
                self.room = self.room or len(prompts)
                assert len(prompts) <= self.room, f"room for {self.room}"
                return {i: types.SimpleNamespace(generated_tokens=[0] * generation_config.max_new_tokens) for i in range(len(prompts))}
            def destroy_cached_continuous_batching_manager(self): self.room = None
        class AutoModelForCausalLM:
            from_pretrained = staticmethod(lambda *_, **__: Model())
        """;

    private readonly TempFolder _folder = new();

    public GpuCheckTests()
    {
        File.WriteAllText(_folder.In("program"), Program);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.In("program"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(_folder.In("calls"), "");
        File.WriteAllText(_folder.In("torch.py"), Torch);
        File.WriteAllText(_folder.In("transformers.py"), Transformers);
    }

    public void Dispose() => _folder.Dispose();

    [GpuCheckFact]
    public async Task Part_Fails_OthersRunAndAreInTheTable()
    {
        (int code, string output) = await RunAsync("verify doctor", "doctor", "verify", "latency", "transformers");

        JsonNode table = JsonNode.Parse(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!;
        string[] rows = [.. table["rows"]!.AsArray().Select(row => (string)row![0]!)];
        Assert.Equal(1, code);
        Assert.Contains("failed: doctor verify\n", output);
        Assert.Equal(["latency, prompt of 448", "transformers 0, prompt of 448", "transformers 0, prompt of 2048", "transformers 0, prompt of 192, 2 at once", "transformers 0, prompt of 192, 4 at once"], rows);
        Assert.Equal("verify fails\n", File.ReadAllText(_folder.In("out/verify.err")));
        Assert.Contains(table.ToJsonString(), JsonNode.Parse(File.ReadLines(_folder.In("out/table")).Last())!.ToJsonString());
    }

    [GpuCheckFact]
    public async Task Part_IsUnknown_NoneRuns()
    {
        (int code, string output) = await RunAsync("", "doctor", "latencies");

        Assert.Equal((2, ""), (code, File.ReadAllText(_folder.In("calls"))));
        Assert.Contains("There is no part 'latencies'", output);
    }

    [GpuCheckFact]
    public async Task Weights_CannotBeWritten_AreTriedOnce()
    {
        (int code, _) = await RunAsync("random-checkpoint", "latency", "prefill", "throughput", "serve", "int8", "transformers");

        Assert.Equal(1, code);
        Assert.StartsWith("random-checkpoint ", Assert.Single(File.ReadAllLines(_folder.In("calls"))));
    }

    [GpuCheckFact]
    public async Task Weights_AreThere_AreNotWrittenAgain()
    {
        await RunAsync("", "latency", "int8");

        Assert.Equal(["random-checkpoint", "bench", "bench"], File.ReadLines(_folder.In("calls")).Select(call => call.Split(' ')[0]));
    }

    [GpuCheckFact]
    public async Task Calls_NameWhatTheProgramTakes()
    {
        await RunAsync("");

        string[] calls = File.ReadAllLines(_folder.In("calls"));
        Assert.Equal(9, calls.Length); // the server does not come up, so nothing measures it; and there are the weights
        foreach (string[] words in calls.Select(call => call.Split(' ')).Where(words => words[0][0] != '-'))
        {
            using StringWriter help = new();
            Assert.Equal(0, await Verbs.RunAsync([.. words.TakeWhile(word => word[0] != '-'), "--help"], help, TextWriter.Null));
            Assert.All(words.Where(word => word.StartsWith("--", StringComparison.Ordinal) && !word.StartsWith("--Model:", StringComparison.Ordinal)), option => Assert.Matches($@"\s{option}[\s,]", help.ToString()));
        }
    }

    private async Task<(int ExitCode, string Output)> RunAsync(string failing, params string[] parts)
    {
        string[] settings = [$"CALLS={_folder.In("calls")}", $"FAILING={failing}", $"LLAMA={_folder.In("program")}", $"OUT={_folder.In("out")}", $"TMPDIR={_folder.Path}", $"PYTHONPATH={_folder.Path}", "SEQUENCES=2 4", "DEVICE=cpu", "PYTHONDONTWRITEBYTECODE=1"];
        (int code, string output, string errors) = await OtherProgram.RunAsync("env", [.. settings, "bash", Repository.Find("deploy/gpu/check.sh"), .. parts]);
        return (code, output + errors);
    }
}
