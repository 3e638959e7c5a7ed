using Llama.Server.Hosting;
using Llama.Server.Tests.Hosting;

namespace Llama.Server.Tests;

public sealed class GenerationDefaultsTests
{
    [Theory]
    [InlineData("""{"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":40,"eos_token_id":[2,7]}""", 0.6f, 0.9f, 40, new[] { 2, 7 })]
    [InlineData("""{"do_sample":false,"temperature":0.6,"eos_token_id":5}""", 0f, 1f, 0, new[] { 5 })]
    [InlineData("""{"temperature":null}""", 1f, 1f, 0, new[] { 2 })]
    [InlineData(null, 1f, 1f, 0, new[] { 2 })]
    public void Load_AnyFile_FillsInWhatItDoesNotSay(string? json, float temperature, float topP, int topK, int[] eos)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            if (json is not null)
                File.WriteAllText(Path.Combine(folder.FullName, "generation_config.json"), json);

            GenerationDefaults defaults = GenerationDefaults.Load(folder.FullName, TestApp.Tokenizer);

            Assert.Equal((temperature, topP, topK), (defaults.Temperature, defaults.TopP, defaults.TopK));
            Assert.Equal(eos, defaults.EosIds);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Load_BrokenFile_NamesIt()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "generation_config.json"), """{"temperature":"warm"}""");

            Assert.Contains("generation_config.json", Assert.Throws<InvalidDataException>(() => GenerationDefaults.Load(folder.FullName, TestApp.Tokenizer)).Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
