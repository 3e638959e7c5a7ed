using System.Text.Json.Nodes;
using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

public sealed class GenerationDefaultsTests
{
    [Theory]
    [InlineData("""{"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":40,"eos_token_id":[2,7]}""", 0.6f, 0.9f, 40, new[] { 2, 7 })]
    [InlineData("""{"do_sample":false,"temperature":0.6,"eos_token_id":5}""", 0f, 1f, 0, new[] { 2, 5 })]
    [InlineData("""{"temperature":null}""", 1f, 1f, 0, new[] { 2, 9 })]
    [InlineData(null, 1f, 1f, 0, new[] { 2, 9 })]
    public void Load_AnyFile_FillsInWhatItDoesNotSay(string? json, float temperature, float topP, int topK, int[] eos)
    {
        using TempFolder folder = new();
        if (json is not null)
            File.WriteAllText(folder.In("generation_config.json"), json);

        GenerationDefaults defaults = GenerationDefaults.Load(folder.Path, 2, [2, 9]);

        Assert.Equal((temperature, topP, topK), (defaults.Temperature, defaults.TopP, defaults.TopK));
        Assert.Equal(eos, defaults.EosIds);
    }

    [Fact]
    public void Load_FileOfTheModelThatACheckpointWasMadeFrom_KeepsNoAnswerFromEndingAtItsOwnToken()
    {
        using TempFolder folder = new();
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, folder.In(Path.GetFileName(file)));
        File.WriteAllText(folder.In("generation_config.json"), """{"eos_token_id": 7}""");
        Assert.Equal([TestModel.Tokenizer.EosId!.Value, 7], CheckpointText.Load(folder.Path, "auto").Defaults.EosIds);
    }

    [Theory]
    [InlineData("77", new[] { 2, 77 })]
    [InlineData("[77, 2, 5]", new[] { 2, 77, 5 })]
    [InlineData("null", new[] { 2 })]
    public void Load_EndsThatTheConfigurationAloneNames_EndAnAnswer(string ends, int[] expected)
    {
        using TempFolder folder = new();
        foreach (string file in Directory.GetFiles(TestModel.Folder)) File.Copy(file, folder.In(Path.GetFileName(file)));
        JsonNode config = JsonNode.Parse((SmallLlama.Config with { VocabSize = TestModel.Tokenizer.VocabSize }).ToJson())!;
        config["eos_token_id"] = JsonNode.Parse(ends);
        File.WriteAllText(folder.In("config.json"), config.ToJsonString());
        Assert.Equal(expected, CheckpointText.Load(folder.Path, "auto").Defaults.EosIds);
    }

    [Theory]
    [InlineData("""{"temperature":"warm"}""", "temperature is \"warm\"; expected a number from 0 to 100")]
    [InlineData("""{"temperature":-3}""", "temperature is -3; expected a number from 0 to 100")]
    [InlineData("""{"top_p":0}""", "top_p is 0; expected a number above 0, up to 1")]
    [InlineData("""{"repetition_penalty":1e-39}""", "repetition_penalty is 1e-39; expected a number from 0.01 to 100")]
    [InlineData("""{"top_k":1e30}""", "top_k is 1e30; expected a number from -1 to 16777216")]
    [InlineData("""{"eos_token_id":["x"]}""", "eos_token_id is [\"x\"]; expected the id of a token or a list of them")]
    [InlineData("[1]", "expected a JSON object")]
    [InlineData("{", "generation_config.json cannot be read")]
    public void Load_BrokenFile_IsNamedWithTheField(string json, string fault)
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.In("generation_config.json"), json);
        using OtherCulture culture = new(); // an application's that hosts the engine

        string message = Assert.Throws<InvalidDataException>(() => GenerationDefaults.Load(folder.Path, 2, [2, 9])).Message;
        Assert.StartsWith(folder.In("generation_config.json"), message);
        Assert.Contains(fault, message);
    }
}
