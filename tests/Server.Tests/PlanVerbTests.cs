using System.Text.Json.Nodes;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Offload;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary><c>plan</c> on checkpoints of real sizes, which take no room. It runs alone: that it reads no weights shows in the memory of the process.</summary>
[Collection(nameof(Alone))]
public sealed class PlanVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-plan-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("7b", 291, "12,852 MiB", "cpu=24GiB")]
    [InlineData("13b", 363, "24,825 MiB", "cuda:0=24GiB,cuda:1=24GiB")]
    [InlineData("70b", 723, "131,562 MiB", "cuda:0=80GiB,cuda:1=80GiB")]
    public async Task Plan_RealSizes_AreVerifiedAndPlacedWithoutReadingWeights(string shape, int tensors, string size, string devices)
    {
        await Empty(shape);
        ProcessMemory.ResetPeak();
        long? before = ProcessMemory.PeakBytes();

        (int? exitCode, string output, string error) = await RunAsync("--devices", devices);

        Assert.True(exitCode == 0, error);
        Assert.Contains($"{tensors} tensors, {size} of BF16, each tensor as config.json makes it", output);
        Assert.Contains("It fits.", output);
        Assert.All(devices.Split(','), device => Assert.Contains($"\n{device.Split('=')[0]}: ", output));
        if (before is { } resident) Assert.True(ProcessMemory.PeakBytes() - resident < 256 << 20, $"{(ProcessMemory.PeakBytes() - resident) >> 20} MiB");
        Assert.True(new FileInfo(Path.Combine(_folder, "model.safetensors")).Length >> 20 >= long.Parse(size[..^4].Replace(",", "", StringComparison.Ordinal), null));
    }

    [Fact]
    public async Task Plan_TooLarge_ExitsWith1AndSaysWhatWouldFit()
    {
        await Empty("70b");

        (int? exitCode, string output, _) = await RunAsync("--devices", "CUDA:0=80GiB");

        Assert.Equal(1, exitCode);
        Assert.Contains("GiB missing", output);
        Assert.Contains("It does not fit: cuda:0 has 81,920 MiB; weights and intermediate results alone need 13", output);
        Assert.Contains("It fits with any of: Model:Dtype=int8; Model:Dtype=int4; ", output);
        Assert.Contains("; 2 devices, the further ones with 81,920 MiB each", output);
    }

    [Fact]
    public async Task Plan_DevicesThatShareLayers_EachHoldTheirShareOfAll()
    {
        await Empty("70b");

        (int? exitCode, string output, string error) = await RunAsync("--devices", string.Join(',', Enumerable.Range(0, 4).Select(i => $"cuda:{i}=80GiB")), "--Model:TensorParallel=4");

        Assert.True(exitCode == 0, error + output);
        for (int i = 0; i < 4; i++) Assert.Contains($"\ncuda:{i}: embedding, layers 0 to 79, head in shares of 4: 16 of 64 heads, 7,168 of 28,672 MLP columns, 8,000 of 32,000 tokens; a layer ", output);
        Assert.Contains("It fits.", output);
        (exitCode, output, _) = await RunAsync("--devices", string.Join(',', Enumerable.Range(0, 4).Select(i => $"cuda:{i}=32GiB")), "--Model:TensorParallel=4", "--Model:KvDtype=int8");
        Assert.Equal(1, exitCode);
        Assert.Contains("It fits with any of: Model:Dtype=int8; Model:Dtype=int4; ", output);
        Assert.Contains("8 devices, the further ones with 32,768 MiB each", output); // a further group, not one more
    }

    [Fact]
    public async Task Plan_Json_HasTheBytesOfEachLayer()
    {
        await Empty("7b");

        (int? exitCode, string output, _) = await RunAsync("--devices", "cpu:0=12GiB,cpu:1=12GiB", "--json", "--Model:Dtype=int8");

        Assert.Equal(0, exitCode);
        JsonArray devices = JsonNode.Parse(output)!["devices"]!.AsArray();
        Assert.Equal(32, devices.Sum(device => device!["layer_bytes"]!.AsArray().Count));
        Assert.Equal((long)devices[0]!["weight_bytes"]!, devices[0]!["layer_bytes"]!.AsArray().Sum(bytes => (long)bytes!) + (2L * 32000 * 4096)); // and the embedding
    }

    [Fact]
    public async Task Plan_TensorsThatAreNotTheModel_AreAllNamed()
    {
        RandomCheckpoint.WriteEmpty(_folder, SmallLlama.Config, TensorDtype.BF16);
        File.WriteAllText(Path.Combine(_folder, "config.json"), (SmallLlama.Config with { IntermediateSize = SmallLlama.Config.IntermediateSize + 32, VocabSize = 201 }).ToJson());

        (int? exitCode, _, string error) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains("model.layers.0.mlp.gate_proj.weight is [", error);
        Assert.Contains("model.layers.1.mlp.down_proj.weight is [", error);
        Assert.Contains("lm_head.weight is [", error);
    }

    [Fact]
    public async Task Plan_TokenThatTheModelLacks_ExitsWith1AndSaysSoBehindThePlan()
    {
        await Empty("7b");
        int size = LlamaConfig.Load(_folder).VocabSize;
        File.WriteAllText(Path.Combine(_folder, "added_tokens.json"), $"{{\"<|turn|>\": {size}}}");
        Assert.Equal(0, (await RunAsync("--devices", "cpu=24GiB")).ExitCode);
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "<|turn|>{{ messages[0].content }}");

        (int? exitCode, string output, string error) = await RunAsync("--devices", "cpu=24GiB");

        Assert.Equal(1, exitCode);
        Assert.Contains("It fits.", output);
        Assert.Contains("The tokenizer has 32,001 tokens, and the model rows for 32,000: the chat template writes token 32,000 ('<|turn|>')", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cuda:0=lots")]
    [InlineData("cuda:0")]
    [InlineData("=80GiB")]
    [InlineData("gpu:0=80GiB")]
    public async Task Plan_DeviceWithoutASize_IsNamed(string devices)
    {
        (int? exitCode, _, string error) = await RunAsync("--devices", devices);

        Assert.Equal(2, exitCode);
        Assert.Contains(devices.Length == 0 ? "--devices is empty; give devices" : $"--devices has '{devices}'; give a device and a size", error);
    }

    [Fact]
    public async Task Plan_DeviceThatIsNamedTwice_IsToldByTheOptionThatNamesIt()
    {
        (int? exitCode, _, string error) = await RunAsync("--devices", "cpu=24GiB", "--devices", "cpu=2GiB");

        Assert.Equal(2, exitCode);
        Assert.Contains("--devices names cpu twice; name each device once.", error);
    }

    private async Task Empty(string shape) =>
        Assert.Equal(0, (await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--empty", "--force", "--out", _folder, "--tokenizer", TestModel.Folder)).ExitCode);

    private Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] words) => VerbsTests.RunAsync(["plan", $"--Model:Path={_folder}", .. words]);
}
