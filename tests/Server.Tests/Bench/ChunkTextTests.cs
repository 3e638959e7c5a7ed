using System.Text;
using Llama.Server.Bench.Load;

namespace Llama.Server.Tests.Bench;

public sealed class ChunkTextTests
{
    [Theory]
    [InlineData("""{"choices":[{"index":0,"text":" a","finish_reason":null}],"usage":null}""", true)]
    [InlineData("""{"choices": [{"index": 0, "text": "\"", "finish_reason": null}]}""", true)]
    [InlineData("""{"choices":[{"index":0,"text":"","finish_reason":"length"}]}""", false)]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":""}}]}""", false)]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":null}}]}""", false)]
    [InlineData("""{"choices":[{"delta":{"content":"x"}}]}""", true)]
    [InlineData("""{"choices":[{"delta":{"content":null,"reasoning_content":"x"}}]}""", true)]
    [InlineData("""{"choices":[{"delta":{"content":null,"reasoning":"x"}}]}""", true)]
    [InlineData("""{"choices":[{"delta":{"content":"","reasoning":null}}]}""", false)]
    [InlineData("""{"choices":[{"delta":{}}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"text":"","logprobs":{"note":"\"text\": \"not it\""}}]}""", false)]
    public void HasText_Chunk_SaysWhetherItBringsSome(string chunk, bool expected) => Assert.Equal(expected, ChunkText.HasText(Encoding.UTF8.GetBytes(chunk)));

    [Theory]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}""", true, false)]
    [InlineData("""{"choices":[],"usage": {"prompt_tokens":1,"completion_tokens":2}}""", true, false)]
    [InlineData("""{"choices":[{"text":"\"usage\":{"}],"usage":null}""", false, false)]
    [InlineData("""{"error":{"message":"no"}}""", false, true)]
    [InlineData("""{"choices":[{"text":"\"error\":{"}],"error":null}""", false, false)]
    [InlineData("""{"error": "no"}""", false, true)]
    [InlineData("""{"choices":[{"text":""}],"error":""}""", false, false)]
    public void HasUsage_IsError_LookAtKeysAlone(string chunk, bool hasUsage, bool isError) =>
        Assert.Equal((hasUsage, isError), (ChunkText.HasUsage(Encoding.UTF8.GetBytes(chunk)), ChunkText.IsError(Encoding.UTF8.GetBytes(chunk))));
}
