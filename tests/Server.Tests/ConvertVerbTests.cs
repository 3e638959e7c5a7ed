using System.Diagnostics;
using Llama.Model;
using Llama.Model.Checkpoints;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

public sealed class ConvertVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-convert-").FullName;

    public ConvertVerbTests()
    {
        RandomCheckpoint.Write(Checkpoint, SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }, TensorDtype.BF16, seed: 1);
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, Path.Combine(Checkpoint, Path.GetFileName(file)), overwrite: true);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Checkpoint => Path.Combine(_folder, "checkpoint");

    private string Output => Path.Combine(_folder, "model.gguf");

    [Fact]
    public async Task Convert_Checkpoint_WritesOneFileThatIsReadBack()
    {
        File.WriteAllText(Path.Combine(Checkpoint, "generation_config.json"), """{"do_sample": false, "top_p": 0.5, "eos_token_id": [2, 7]}""");
        (int? exitCode, string output, string error) = await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", Output, "--type", "q8_0");

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains($"{Output}: Q8_0, {new FileInfo(Output).Length:N0} bytes", output);
        Assert.Equal([Output], Directory.GetFiles(_folder));
        Assert.Equal(SmallLlama.Config.LayerCount, LlamaConfig.Load(Output).LayerCount);
        CheckpointText expected = CheckpointText.Load(Checkpoint, "auto"), text = CheckpointText.Load(Output, "auto");
        Assert.Equal(expected.Defaults.ToString(), text.Defaults.ToString());
        Assert.Equal(0, text.Defaults.Temperature);
        Assert.Equal([2, 7], text.Defaults.EosIds);
        Assert.Equal(expected.Chat.Description, text.Chat.Description);
    }

    [Fact]
    public async Task Convert_TokenThatNothingMakes_IsLeftOutAndSaidToBe()
    {
        int size = TestModel.Tokenizer.VocabSize;
        File.WriteAllText(Path.Combine(Checkpoint, "added_tokens.json"), $"{{\"[PAD]\": {size}}}");
        File.WriteAllText(Path.Combine(Checkpoint, "special_tokens_map.json"), "{\"pad_token\": \"[PAD]\"}");

        (int? exitCode, string output, string error) = await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", Output, "--type", "F16");

        Assert.True(exitCode == 0, error);
        Assert.Contains("are left out: [PAD].", output + error);
        Assert.Equal(size, CheckpointText.Load(Output, "auto").Tokenizer.VocabSize);
    }

    [Fact]
    public async Task Convert_FileThatIsThere_IsKeptUnlessForced()
    {
        File.WriteAllText(Output, "precious");
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", Output);
        Assert.Equal(1, exitCode);
        Assert.Contains("--force", error);
        Assert.Equal("precious", File.ReadAllText(Output));

        Assert.Equal(0, (await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", Output, "--force")).ExitCode);
        Assert.True(new FileInfo(Output).Length > 100_000);
    }

    [Fact]
    public async Task Convert_DeviceOrPipe_IsNotReplacedByForceEither()
    {
        using (var made = Process.Start("mkfifo", [Output])) await made.WaitForExitAsync();

        (int? exitCode, _, string error) = await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", Output, "--force");

        Assert.Equal((1, $"{Output} is a device or a pipe, which would have to be replaced; name a file."), (exitCode, error.TrimEnd()));
        Assert.Equal(0, new FileInfo(Output).Length);
    }

    [Fact]
    public async Task Convert_FileOfTheModelItself_IsNotReplacedByForceEither()
    {
        string link = Path.Combine(_folder, "link"), weights = Path.Combine(link, "model.safetensors"), gguf = Path.Combine(Checkpoint, "model.gguf");
        Directory.CreateSymbolicLink(link, Checkpoint);
        byte[] before = File.ReadAllBytes(weights);

        (int? exitCode, _, string error) = await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", weights, "--force");

        Assert.Equal((1, $"{weights} is a file of the model itself; name another."), (exitCode, error.TrimEnd()));
        Assert.Equal(before, File.ReadAllBytes(weights));
        File.WriteAllText(gguf, "of before");
        Assert.Equal(0, (await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", gguf, "--force")).ExitCode); // which is none of it
    }

    /// <summary>As in the cache of Hugging Face.</summary>
    [Fact]
    public async Task Convert_FileThatTheModelLinksTo_IsNotReplacedByForceEither()
    {
        string weights = Path.Combine(Checkpoint, "model.safetensors");
        File.Move(weights, Output);
        File.CreateSymbolicLink(weights, Output);
        byte[] before = File.ReadAllBytes(weights);

        (int? exitCode, _, string error) = await VerbsTests.RunAsync("convert", "--model", Checkpoint, "--out", Output, "--force");

        Assert.Equal((1, $"{Output} is a file of the model itself; name another."), (exitCode, error.TrimEnd()));
        Assert.Equal(before, File.ReadAllBytes(weights));
    }

    [Theory]
    [InlineData("convert", "F16")]
    [InlineData("quantize", "int8")]
    public async Task Verb_SomethingIsCalledAsTheOutputUntilItIsWhole_IsLeftAlone(string verb, string type)
    {
        string letters = Path.Combine(Directory.CreateDirectory(Output + ".partial").FullName, "letters");
        File.WriteAllText(letters, "precious");

        (int? exitCode, _, string error) = await VerbsTests.RunAsync(verb, "--model", Checkpoint, "--out", Output, "--type", type);

        Assert.Equal(1, exitCode);
        Assert.Contains($"{Output}.partial is there already", error);
        Assert.Equal("precious", File.ReadAllText(letters));
    }

    [Theory]
    [InlineData("--model", "/no/such/folder", "--out", "x.gguf", "--model is '/no/such/folder'")]
    [InlineData("--out", "/no/such/folder/x.gguf", "--type", "F16", "/no/such/folder")]
    [InlineData("--out", "x.gguf", "--type", "Q9", "--type is 'Q9'; use one of F32")]
    [InlineData("--out", "", "--type", "F16", "--out is empty")]
    [InlineData("--out", "/tmp", "--type", "F16", "/tmp is a folder; name the file")]
    [InlineData("--type", "F16", "--force", "true", "--out")]
    public async Task Convert_WhatCannotBe_IsSaid(string one, string two, string three, string four, string expected)
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("convert", one, two, three, four);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(expected, error);
    }

    [Theory]
    [InlineData("convert")]
    [InlineData("quantize")]
    public async Task Verb_GgufFileAsSource_IsToldToTakeItsFolder(string verb)
    {
        File.WriteAllText(Output, "");
        (int? exitCode, _, string error) = await VerbsTests.RunAsync(verb, "--model", Output, "--out", Path.Combine(_folder, "x"), "--type", verb == "convert" ? "F16" : "int4");
        Assert.Equal(1, exitCode);
        Assert.Contains($"--model is '{Output}', a GGUF file; give the folder", error);
    }

    [Theory]
    [InlineData("/models/Llama-2-7b-chat-hf", "Llama-2-7b-chat-hf")]
    [InlineData("/models/Llama-2-7b-chat-hf/", "Llama-2-7b-chat-hf")]
    [InlineData("/models/llama-2.Q4_K_M.gguf", "llama-2.Q4_K_M")]
    [InlineData("/models/llama-2-00001-of-00003.GGUF", "llama-2")]
    public void NameOf_FolderOrFile_IsWhatPeopleCallIt(string path, string name) => Assert.Equal(name, ModelIdentity.NameOf(path));
}
