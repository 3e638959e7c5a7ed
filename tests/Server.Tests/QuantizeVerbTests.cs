using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Model.Quantization;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

public sealed class QuantizeVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-quantize-").FullName;

    public QuantizeVerbTests()
    {
        RandomCheckpoint.Write(Source, SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }, TensorDtype.BF16, seed: 1);
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, Path.Combine(Source, Path.GetFileName(file)), overwrite: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Source => Path.Combine(_folder, "checkpoint");

    private string Target => Path.Combine(_folder, "small");

    [Fact]
    public async Task Quantize_Checkpoint_WritesAFolderThatIsServed()
    {
        (int? exitCode, string output, string error) = await RunAsync("--out", Target, "--type", "INT4");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches(@"down_proj +int4-g64 .* MB .* %", output);
        Assert.Matches(@"lm_head +int8-row ", output);
        Assert.Equal([Source, Target], Directory.GetDirectories(_folder).Order());
        Assert.Equal(QuantizationPlan.Of(QuantizationType.Int4), LlamaConfig.Load(Target).Quantization);
        Assert.Equal(Directory.GetFiles(Source).Select(Path.GetFileName).Order(), Directory.GetFiles(Target).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Quantize_FolderThatIsThere_IsKeptUnlessForcedAndACheckpoint()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "letters"), "precious");
        foreach (string[] force in (string[][])[[], ["--force"]])
        {
            string fault = await FaultAsync(["--out", Target, "--type", "int8", .. force]);
            Assert.Contains("is no checkpoint", fault);
            Assert.DoesNotContain("add --force", fault);
        }
        Assert.Contains("holds the model itself", await FaultAsync("--out", _folder, "--type", "int8", "--force"));
        Assert.Equal("precious", File.ReadAllText(Path.Combine(Target, "letters")));

        File.WriteAllText(Path.Combine(Target, "config.json"), "{}");
        Assert.Contains("add --force", await FaultAsync("--out", Target, "--type", "int8"));
        Assert.Equal(0, (await RunAsync("--out", Target, "--type", "int8", "--force")).ExitCode);
        Assert.False(File.Exists(Path.Combine(Target, "letters")));
    }

    [Fact]
    public async Task Quantize_OutputIsTheModelBehindALink_IsNotReplacedByForceEither()
    {
        string link = Path.Combine(_folder, "link"), weights = Path.Combine(Source, "model.safetensors");
        Directory.CreateSymbolicLink(link, Source);
        long length = new FileInfo(weights).Length;

        (int? exitCode, _, string error) = await VerbsTests.RunAsync("quantize", "--model", link, "--out", Source, "--type", "int8", "--force");

        Assert.Equal((1, $"{Source} holds the model itself; name another --out."), (exitCode, error.TrimEnd()));
        Assert.Equal(length, new FileInfo(weights).Length);
    }

    /// <summary>As in the cache of Hugging Face.</summary>
    [Fact]
    public async Task Quantize_OutputHoldsFilesThatTheModelLinksTo_IsNotReplacedByForceEither()
    {
        Directory.Move(Source, Target);
        Directory.CreateDirectory(Source);
        foreach (string file in Directory.GetFiles(Target)) File.CreateSymbolicLink(Path.Combine(Source, Path.GetFileName(file)), file);

        string fault = await FaultAsync("--out", Target, "--type", "int8", "--force");

        Assert.Equal($"{Target} holds the model itself; name another --out.", fault.TrimEnd());
        Assert.True(File.Exists(Path.Combine(Target, "model.safetensors")));
    }

    [Fact]
    public async Task Quantize_WhatCannotBe_IsSaidAndLeavesNothing()
    {
        Assert.Contains("--out is empty", await FaultAsync("--out", "", "--type", "int8"));
        Assert.Contains("--type is 'int5'; use one of int8", await FaultAsync("--out", Target, "--type", "int5"));
        Assert.Matches(@"^--out cannot be written: .*[^.]\. Name another", await FaultAsync("--out", Path.Combine(Source, "config.json", "x"), "--type", "int8"));
        File.Delete(Path.Combine(Source, "model.safetensors"));
        Assert.Contains("holds no weights", await FaultAsync("--out", Target, "--type", "int8"));
        Assert.Equal([Source], Directory.GetDirectories(_folder));
    }

    // /proc has no room at all, and were it not asked, nothing would be written there.
    [Fact]
    public async Task Quantize_NoRoomOnTheDisk_IsRefusedBeforeAnythingIsWritten() =>
        Assert.Matches("It would take [0-9]+ MiB; /proc has 0 MiB left", await FaultAsync("--out", "/proc/no/such/folder", "--type", "int8"));

    private async Task<string> FaultAsync(params string[] arguments)
    {
        (int? exitCode, _, string error) = await RunAsync(arguments);
        Assert.Equal(1, exitCode);
        return error;
    }

    private Task<(int? ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => VerbsTests.RunAsync(["quantize", "--model", Source, .. arguments]);
}
