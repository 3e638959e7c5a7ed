using Llama.Model;
using Llama.Model.Text;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

public sealed class RandomCheckpointVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llama-random-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task RandomCheckpoint_LargerVocabulary_IsFilledUpAndServed()
    {
        int own = TestModel.Tokenizer.VocabSize;
        LlamaConfig config = SmallLlama.Config with { VocabSize = own + 300 };
        string shape = Path.Combine(_folder, "shape.json"), target = Path.Combine(_folder, "model");
        File.WriteAllText(shape, config.ToJson());

        (int? exitCode, string output, _) = await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", target, "--tokenizer", TestModel.Folder);

        Assert.Equal(0, exitCode);
        Assert.Contains("parameters, BF16", output);
        Assert.Equal(config, LlamaConfig.Load(target));
        Tokenizer tokenizer = Tokenizer.Load(target);
        Assert.Equal(own + 300, tokenizer.VocabSize);
        Assert.Contains($"~{own + 7}", tokenizer.Decode([own + 7]));
        foreach (string text in new[] { "What is a giraffe?", $"~{own + 7} ~", "" }) // nothing is encoded otherwise than before
            Assert.Equal(TestModel.Tokenizer.Encode(text, addBos: true), tokenizer.Encode(text, addBos: true));
        Assert.Equal(0, (await VerbsTests.RunAsync("doctor", $"--Model:Path={target}", "--Model:Device=cpu", "--urls=http://localhost:0")).ExitCode);
    }

    // /proc has no room at all, and were it not asked, nothing would be written there.
    [Theory]
    [InlineData("7b", "12,852 MiB")]
    [InlineData("70b", "131,562 MiB")]
    public async Task RandomCheckpoint_NoRoomOnTheDisk_IsRefusedBeforeAnythingIsWritten(string shape, string size)
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", "/proc/no/such/folder");

        Assert.Equal(1, exitCode);
        Assert.Contains($"It would take {size}; /proc has 0 MiB left", error);
    }

    [Fact]
    public async Task RandomCheckpoint_UnknownShape_IsToldWhichThereAre()
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--shape", "8b", "--out", _folder);

        Assert.Equal(1, exitCode);
        Assert.Contains("--shape is '8b'; use 1.1b, 7b, 13b, 70b", error);
    }
}
