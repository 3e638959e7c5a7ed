using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Llama.Model.Checkpoints;
using Llama.Server.CommandLine.Doctor;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>The doctor in broken worlds: each is told as what it is, with a remedy, by the exit code too, and never by a stack trace.</summary>
public sealed class DoctorVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-doctor-").FullName;

    public DoctorVerbTests()
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }, TensorDtype.BF16, seed: 1);
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, In(Path.GetFileName(file)), overwrite: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Doctor_SoundModel_SaysWhatWillBeUsed()
    {
        (int? exitCode, string output, string error) = await RunAsync();

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches("✓ processor +[^ ]", output);
        Assert.Matches("✓ shape +2 layers × 64, 4 heads over 2 KV heads", output);
        Assert.Matches(@"✓ files +21 tensors, \d+ MiB of BF16", output);
        Assert.Matches(@"✓ device +cpu \(as set\)", output);
        Assert.Matches("✓ kernels +C# ", output);
        Assert.Matches("✓ types +bfloat16 weights \\(auto\\), bfloat16 KV cache", output);
        Assert.Matches("✓ cpu +embedding, layers 0 to 1, head; 0 MiB weights", output);
        Assert.Matches("✓ KV cache +[0-9,]+ tokens \\(enough for 256 sequences", output);
        Assert.Matches("✓ tokenizer +", output);
        Assert.DoesNotContain("✗", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\e", output, StringComparison.Ordinal); // no colour outside a terminal
    }

    [Fact]
    public async Task Doctor_SeveralDevices_SaysWhatWouldLieOnEach()
    {
        (int? exitCode, string output, _) = await RunAsync("--Model:Device=cpu:0,cpu:1");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"✓ device +cpu:0, cpu:1 \(as set\)", output);
        Assert.Matches(@"✓ cpu:0 +embedding, layer 0; \d+ MiB weights, [\d,]+ MiB KV cache; [\d,]+ MiB are free", output);
        Assert.Matches("✓ cpu:1 +layer 1, head; ", output);
        Assert.Matches("✓ KV cache +[0-9,]+ tokens ", output);
    }

    [Fact]
    public async Task Doctor_Json_IsOneLineWithTheSameProblems()
    {
        (int? exitCode, string output, _) = await RunAsync("--json", "--Model:Kernels=plain");

        Assert.Equal(0, exitCode); // a warning
        Assert.Equal(1, output.Count(character => character == '\n'));
        JsonElement report = JsonDocument.Parse(output).RootElement;
        Assert.True(report.GetProperty("can_serve").GetBoolean());
        Assert.Contains(report.GetProperty("examinations").EnumerateArray(), examination => examination.GetProperty("title").GetString() == "model");
        JsonElement problem = report.GetProperty("problems").EnumerateArray().Single(problem => problem.GetProperty("name").GetString() == "Model:Kernels");
        Assert.Equal("warning", problem.GetProperty("level").GetString());
        Assert.Contains("leave it out", problem.GetProperty("remedy").GetString());
    }

    [Fact]
    public async Task Doctor_ManyWrongSettings_AreAllToldAtOnce()
    {
        string output = await FaultsAsync("--Model:Device=tpu", "--Scheduler:MaxSequences=0", "--Server:Colour=red");

        Assert.Contains("✗ settings: Model:Device must be", output);
        Assert.Contains("✗ settings: Scheduler:MaxSequences ", output);
        Assert.Contains("Server:Colour is not a setting", output);
        Assert.Contains("libtorch", output); // the rest is examined nevertheless
    }

    [Fact]
    public async Task Doctor_NoSuchModel_IsToldWithTheRemedy() =>
        Assert.Contains("there is no such folder or .gguf file", await FaultsAsync("--Model:Path=/no/such/folder"));

    [Theory]
    [InlineData("config.json", null, "config.json")]
    [InlineData("config.json", "{", "config.json")]
    [InlineData("model.safetensors", null, "holds no weights")]
    [InlineData("model.safetensors", "rubbish", "model.safetensors")]
    [InlineData("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"b.safetensors\"}}", "b.safetensors")]
    [InlineData("tokenizer.model", "rubbish", "text: ")]
    [InlineData("tokenizer.model", null, "text: ")]
    [InlineData("tokenizer_config.json", "{\"chat_template\": \"{% nonsense %}\"}", "nonsense")]
    [InlineData("generation_config.json", "[", "generation_config.json")]
    public async Task Doctor_BrokenFile_IsNamed(string file, string? content, string expected)
    {
        if (content is null) File.Delete(In(file));
        else File.WriteAllText(In(file), content);

        string output = await FaultsAsync();

        Assert.Contains(expected, Verdict(output));
        Assert.DoesNotContain("   at ", output);
    }

    /// <summary>A padding token behind the vocabulary harms nobody; what the chat template writes must be there.</summary>
    [Fact]
    public async Task Doctor_TokenThatTheModelLacks_IsAFaultWhereItIsMade()
    {
        int size = TestModel.Tokenizer.VocabSize;
        File.WriteAllText(In("added_tokens.json"), $"{{\"<|turn|>\": {size}}}");
        Assert.Equal(0, (await RunAsync()).ExitCode);

        File.WriteAllText(In("tokenizer_config.json"), "{\"chat_template\": \"<|turn|>{{ messages[0].content }}\"}");

        Assert.Matches($@"rows for [\d,]+: the chat template writes token [\d,]+ \('<\|turn\|>'\)", Verdict(await FaultsAsync()));
    }

    [Fact]
    public async Task Doctor_ModelOfAnotherShape_NamesEveryTensor()
    {
        File.WriteAllText(In("config.json"), (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize, IntermediateSize = 100 }).ToJson());

        Assert.Equal(6, Verdict(await FaultsAsync()).Split("config.json makes it").Length - 1);
    }

    [Theory]
    [InlineData("--Model:ContextLength=4096", "Model:ContextLength is 4096; this model takes 2 to 128")]
    [InlineData("--Model:Device=cuda:99", "Model:Device is 'cuda:99'")]
    [InlineData("--Scheduler:TracePath=/no/such/folder/trace", "in a folder that is not there")]
    [InlineData("--Scheduler:TracePath=/proc/trace", "which cannot be written")]
    [InlineData("--Serilog:MinimumLevel:Default=Loud", "Section Serilog cannot be used: The value Loud is not a valid Serilog level. Correct it")]
    [InlineData("--Serilog:Using:0=Serilog.Sinks.None", "Section Serilog cannot be used: Could not load file or assembly")]
    [InlineData("--urls=https://127.0.0.1:0", "certificate: https://127.0.0.1:0 needs one, and none is set. Set Kestrel:Certificates")]
    [InlineData("--Kestrel:Endpoints:A:Url=https://127.0.0.1:0", "certificate: https://127.0.0.1:0 needs one, and none is set. Set Kestrel:Certificates")]
    [InlineData("--urls=rubbish", "'rubbish' is no address")]
    [InlineData("--Kestrel:Endpoints:A:Url=rubbish", "'rubbish' is no address to listen on; give --urls, or the Url of an endpoint, as http://host:port")]
    [InlineData("--urls=ftp://localhost:0", "'ftp://localhost:0' is no address")]
    [InlineData("--urls=http://localhost:65536", "'http://localhost:65536' is no address")]
    [InlineData("--urls=http://localhost:0/base", "'http://localhost:0/base' is no address to listen on")]
    [InlineData("--urls=http://localhost:0,http://localhost:0", "Several are parted by ';'")]
    [InlineData("--urls=http://0.0.0.0:18251x", "is no address to listen on")]
    [InlineData("--urls=http://127.0.0.1:18251?x=1", "is no address to listen on")]
    [InlineData("--urls=http://256.1.1.1:0", "is no address to listen on")]
    [InlineData("--urls=http://user@127.0.0.1:0", "is no address to listen on")]
    [InlineData("--urls=http://no-such-host.invalid:0", "the host is an IP address, localhost, or * for all")]
    public async Task Doctor_SettingThatDoesNotFit_IsAFault(string arguments, string expected) => Assert.Contains(expected, Verdict(await FaultsAsync(arguments.Split(' '))));

    /// <summary>It comes from the environment, which tests share: a setting of that name is the same to the server.</summary>
    [Fact]
    public void Doctor_CollectorWithoutAnAddress_IsAFaultAsAtStart()
    {
        DoctorReport report = DoctorReport.Of(ServerDiagnosis.Run([$"--Model:Path={_folder}", "--Model:Device=cpu", "--urls=http://localhost:0", "--OTEL_EXPORTER_OTLP_ENDPOINT=nonsense"]));

        Assert.False(report.CanServe);
        Assert.Contains(report.Problems, problem => problem.Value.StartsWith("OTEL_EXPORTER_OTLP_ENDPOINT is 'nonsense'; give the collector's address", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Doctor_ContextThatHoldsNoPromptAndAnswer_NamesTheKey()
    {
        File.WriteAllText(In("config.json"), (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize, ContextLength = 1 }).ToJson());

        Assert.Contains("its context is 1 token long (max_position_embeddings in config.json", Verdict(await FaultsAsync()));
    }

    [Theory]
    [InlineData("--Model:BlockCount=2", "less than one full sequence")]
    [InlineData("--Model:Threads=1000", "1000, but this process may use")]
    [InlineData("--Scheduler:MaxBatchTokens=100", "a step takes 100 tokens")]
    [InlineData("--urls=http://0.0.0.0:0", "may call")]
    public async Task Doctor_OddSetting_IsAWarning(string argument, string expected)
    {
        (int? exitCode, string output, _) = await RunAsync(argument);

        Assert.Equal(0, exitCode);
        Assert.Contains(expected, Verdict(output));
    }

    [Fact]
    public async Task Doctor_TakenAddress_IsAFault()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();

        Assert.Contains("is taken", await FaultsAsync($"--urls=http://localhost:{((IPEndPoint)taken.LocalEndPoint!).Port}"));
    }

    [Fact]
    public async Task Doctor_UnknownOption_IsAUsageError() => Assert.Equal(2, (await VerbsTests.RunAsync("doctor", "--nonsense")).ExitCode);

    private string In(string file) => Path.Combine(_folder, file);

    private static string Verdict(string output) => output[output.IndexOf("It will", StringComparison.Ordinal)..];

    private async Task<string> FaultsAsync(params string[] arguments)
    {
        (int? exitCode, string output, _) = await RunAsync(arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains("It will not serve", output);
        return output;
    }

    // Port 0 is always free; what the arguments say of the same thing comes later and wins.
    private Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        string[] usual = [$"--Model:Path={_folder}", "--Model:Device=cpu", .. arguments.Any(argument => argument.StartsWith("--urls", StringComparison.Ordinal)) ? Array.Empty<string>() : ["--urls=http://localhost:0"]];
        return VerbsTests.RunAsync(["doctor", .. usual, .. arguments]);
    }
}
