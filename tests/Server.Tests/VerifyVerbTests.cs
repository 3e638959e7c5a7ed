using System.Text.Json;
using Llama.Model.Checkpoints;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

public sealed class VerifyVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-verify-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Verify_ThisMachine_PassesAndEndsWithJson()
    {
        RandomCheckpoint.Write(_folder, SmallLlama.Config, TensorDtype.BF16, seed: 1);

        (int? exitCode, string output, string error) = await VerbsTests.RunAsync("verify", $"--Model:Path={_folder}", "--Model:Device=cpu");

        Assert.Equal("", error);
        string[] lines = output.TrimEnd().Split('\n');
        JsonElement summary = JsonDocument.Parse(lines[^1]).RootElement;
        Assert.Equal("[]", summary.GetProperty("failed").ToString());
        Assert.Equal(0, summary.GetProperty("skipped").GetInt32());
        Assert.Equal(0, exitCode);
        Assert.Equal(summary.GetProperty("checks").GetInt32(), lines.Count(line => line.StartsWith('✓')));
        Assert.Contains(lines, line => line.EndsWith($"greedy text, tokens that differ: {Path.GetFileName(_folder)}, float32"));
    }

    [Fact]
    public async Task Verify_Kernels_RunsNoModel()
    {
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync("verify", "--kernels", $"--Model:Path={TestModel.Folder}", "--Model:Device=cpu");

        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        Assert.Contains("product, int4", output);
        Assert.DoesNotContain("log-probabilities", output);
        Assert.DoesNotContain("bit for bit", output);
    }

    [Fact]
    public async Task Verify_WrongSettings_AreToldAsByServing() =>
        Assert.Contains("Model:Device must be", (await VerbsTests.RunAsync("verify", "--Model:Device=tpu", $"--Model:Path={TestModel.Folder}")).Error);
}
