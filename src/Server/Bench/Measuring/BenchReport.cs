using System.Text.Json;
using System.Text.Json.Serialization;
using Llama.Server.Hosting;

namespace Llama.Server.Bench.Measuring;

/// <summary>What a bench verb found: where it was measured, a table for people, and all of it as the last line, in JSON.</summary>
/// <param name="Benchmark">The verb's word.</param>
internal abstract record BenchReport([property: JsonPropertyOrder(-1)] string Benchmark)
{
    [JsonPropertyOrder(-1)]
    public string Version => ServerVersion.Full;

    /// <summary>Where this program ran.</summary>
    [JsonPropertyOrder(-1)]
    public Hardware Machine { get; } = Hardware.OfThisMachine();

    protected virtual string Head => Machine.ToString();

    /// <summary>Writes head, figures and the line of JSON.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine(Head);
        WriteFigures(output);
        output.WriteLine(Json());
    }

    public string Json() => JsonSerializer.Serialize(this, GetType(), BenchJson.Line);

    protected abstract void WriteFigures(TextWriter output);
}
