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

        (int? exitCode, string output, _) = await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", target, "--tokenizer", TestModel.Folder, "--dtype", "bf16");

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
    [InlineData("70B", "131,562 MiB")]
    public async Task RandomCheckpoint_NoRoomOnTheDisk_IsRefusedBeforeAnythingIsWritten(string shape, string size)
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", "/proc/no/such/folder");

        Assert.Equal(1, exitCode);
        Assert.Contains($"It would take {size}; /proc has 0 MiB left", error);
    }

    [Fact]
    public async Task RandomCheckpoint_NoSuchTokenizer_NamesTheOptionThatWasGiven()
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--out", Path.Combine(_folder, "model"), "--tokenizer", "/no/such/folder");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("--tokenizer is '/no/such/folder', where no checkpoint is;", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RandomCheckpoint_OutputIsWhereTheTokenizerComesFrom_IsNotReplacedByForceEither()
    {
        string shape = Path.Combine(_folder, "shape.json"), model = Path.Combine(_folder, "model");
        File.WriteAllText(shape, (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }).ToJson());
        Assert.Equal(0, (await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", model, "--tokenizer", TestModel.Folder)).ExitCode);
        byte[] before = File.ReadAllBytes(Path.Combine(model, "model.safetensors"));

        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", model, "--tokenizer", model, "--seed", "2", "--force");

        Assert.Equal((1, $"{model} holds the checkpoint whose tokenizer is taken; name another --out."), (exitCode, error.TrimEnd()));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(model, "model.safetensors")));
    }

    [Fact]
    public async Task RandomCheckpoint_OutputHoldsFilesThatTheTokenizersFolderLinksTo_IsNotReplacedByForceEither()
    {
        string shape = Path.Combine(_folder, "shape.json"), model = Path.Combine(_folder, "model"), links = Directory.CreateDirectory(Path.Combine(_folder, "links")).FullName;
        File.WriteAllText(shape, (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }).ToJson());
        string[] words = ["random-checkpoint", "--shape", shape, "--out", model, "--tokenizer"];
        Assert.Equal(0, (await VerbsTests.RunAsync([.. words, TestModel.Folder])).ExitCode);
        foreach (string file in Directory.GetFiles(model)) File.CreateSymbolicLink(Path.Combine(links, Path.GetFileName(file)), file);
        byte[] before = File.ReadAllBytes(Path.Combine(model, "model.safetensors"));

        (int? exitCode, _, string error) = await VerbsTests.RunAsync([.. words, links, "--seed", "2", "--force"]);

        Assert.Equal((1, $"{model} holds the checkpoint whose tokenizer is taken; name another --out."), (exitCode, error.TrimEnd()));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(model, "model.safetensors")));
    }

    [Fact]
    public async Task RandomCheckpoint_CheckpointThatIsThere_IsKeptUnlessForced()
    {
        string shape = Path.Combine(_folder, "shape.json"), target = Path.Combine(_folder, "model");
        File.WriteAllText(shape, (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }).ToJson());
        string[] words = ["random-checkpoint", "--shape", shape, "--out", target, "--tokenizer", TestModel.Folder];
        Directory.CreateDirectory(target); // an empty folder is no loss
        Assert.Equal(0, (await VerbsTests.RunAsync(words)).ExitCode);
        File.WriteAllText(Path.Combine(target, "model.safetensors.index.json"), "{}"); // of the checkpoint that goes: beside the new one it would be read first
        byte[] before = File.ReadAllBytes(Path.Combine(target, "model.safetensors"));

        (int? exitCode, _, string error) = await VerbsTests.RunAsync([.. words, "--seed", "2"]);
        Assert.Equal(1, exitCode);
        Assert.Contains($"{target} is there already; name another --out, or add --force", error);
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(target, "model.safetensors")));

        Assert.Equal(0, (await VerbsTests.RunAsync([.. words, "--seed", "2", "--force"])).ExitCode);
        Assert.NotEqual(before, File.ReadAllBytes(Path.Combine(target, "model.safetensors")));
        Assert.False(File.Exists(Path.Combine(target, "model.safetensors.index.json")));
    }

    [Theory]
    [InlineData("int8")]
    [InlineData("int4-g32-zp")]
    public async Task RandomCheckpoint_InCodes_IsBitwiseWhatQuantizeMakesOfIt(string type)
    {
        string shape = Path.Combine(_folder, "shape.json"), ahead = Path.Combine(_folder, "ahead"), after = Path.Combine(_folder, "after");
        File.WriteAllText(shape, (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }).ToJson());
        string[] words = ["random-checkpoint", "--shape", shape, "--tokenizer", TestModel.Folder, "--seed", "5"];

        Assert.Equal(0, (await VerbsTests.RunAsync([.. words, "--out", ahead, "--dtype", type])).ExitCode);
        Assert.Equal(0, (await VerbsTests.RunAsync([.. words, "--out", Path.Combine(_folder, "wide")])).ExitCode);
        Assert.Equal(0, (await VerbsTests.RunAsync("quantize", "--model", Path.Combine(_folder, "wide"), "--out", after, "--type", type)).ExitCode);

        Assert.Equal(LlamaConfig.Load(after), LlamaConfig.Load(ahead));
        Assert.Equal(File.ReadAllBytes(Path.Combine(after, "model.safetensors")), File.ReadAllBytes(Path.Combine(ahead, "model.safetensors")));
    }

    [Fact]
    public async Task RandomCheckpoint_ShapeOfOneInCodes_IsOfTheTypeThatIsAskedFor()
    {
        string shape = Path.Combine(_folder, "shape.json"), codes = Path.Combine(_folder, "codes"), wide = Path.Combine(_folder, "wide");
        File.WriteAllText(shape, (SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }).ToJson());
        Assert.Equal(0, (await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--tokenizer", TestModel.Folder, "--out", codes, "--dtype", "int4")).ExitCode);

        (int? exitCode, string output, _) = await VerbsTests.RunAsync("random-checkpoint", "--shape", Path.Combine(codes, "config.json"), "--tokenizer", TestModel.Folder, "--out", wide);

        Assert.Equal(0, exitCode);
        Assert.Contains("parameters, BF16", output);
        Assert.Null(LlamaConfig.Load(wide).Quantization);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("18446744073709551616")]
    public async Task RandomCheckpoint_SeedThatIsNone_IsToldInWords(string seed)
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--out", Path.Combine(_folder, "model"), "--seed", seed);

        Assert.Equal(2, exitCode);
        Assert.Contains($"--seed is '{seed}'; give a whole number of at least 0", error);
    }

    [Fact]
    public async Task RandomCheckpoint_FewerTokensThanTheTokenizer_IsRefusedBeforeAnythingIsWritten()
    {
        int own = TestModel.Tokenizer.VocabSize;
        string shape = Path.Combine(_folder, "shape.json"), target = Path.Combine(_folder, "model");
        File.WriteAllText(shape, (SmallLlama.Config with { VocabSize = own - 1 }).ToJson());

        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", target, "--tokenizer", TestModel.Folder);

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"--shape is '{shape}', with a vocab_size of {own - 1}, and the tokenizer in {TestModel.Folder} has {own} tokens: name a --tokenizer", error);
        Assert.False(Path.Exists(target));
    }

    [Fact]
    public async Task RandomCheckpoint_ShapeOrTokenizerThatIsNone_IsCalledByWhatWasGiven()
    {
        string shape = Path.Combine(_folder, "my shape.json");
        File.WriteAllText(shape, """{"model_type":"llama","vocab_size":0}""");

        Assert.StartsWith($"{shape} has ", (await VerbsTests.RunAsync("random-checkpoint", "--shape", shape, "--out", _folder)).Error);
        Assert.StartsWith("--tokenizer is '/no/such', where no checkpoint is", (await VerbsTests.RunAsync("random-checkpoint", "--tokenizer", "/no/such", "--out", _folder)).Error);
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), """{"model":{"type":"WordPiece","vocab":{"a":0}}}""");
        Assert.StartsWith($"{_folder}/tokenizer.json: ", (await VerbsTests.RunAsync("random-checkpoint", "--tokenizer", _folder, "--out", Path.Combine(_folder, "model"))).Error);
    }

    [Fact]
    public async Task RandomCheckpoint_UnknownShapeOrType_IsToldWhichThereAre()
    {
        (int? exitCode, _, string error) = await VerbsTests.RunAsync("random-checkpoint", "--shape", "8b", "--out", _folder);

        Assert.Equal(1, exitCode);
        Assert.Contains("--shape is '8b'; use 1.1b, 7b, 13b, 70b", error);
        Assert.Contains("--dtype is 'int5'; use one of BF16, F16, F32, int8", (await VerbsTests.RunAsync("random-checkpoint", "--dtype", "int5", "--out", _folder)).Error);
    }
}
