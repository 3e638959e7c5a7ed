using Llama.Model;
using Llama.Model.Offload;
using Llama.Model.Text;
using Llama.Server.Hosting;
using Llama.Tests.Shared;

namespace Llama.Server.Tests.Hosting;

/// <summary>A model that says what a test wants it to, with a real tokenizer.</summary>
internal sealed record TestModel
{
    public const string Name = "tiny";

    /// <summary>Holds a tokenizer and nothing else, so the chat format is Llama 2's own.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "checkpoint");

    public static Tokenizer Tokenizer { get; } = Tokenizer.Load(Folder);

    /// <summary>The served folder, which may add tokens to the default one.</summary>
    public string Checkpoint { get; init; } = Folder;

    /// <summary>What the model says, before it stops; null lets it draw from the context and never stop.</summary>
    public string? Reply { get; init; }

    public Action<long>? OnStep { get; init; }

    /// <summary>Runs while the model is loaded.</summary>
    public Action? OnLoad { get; init; }

    public int ContextLength { get; init; } = 512;

    public LoadedModel Load(ModelOptions options)
    {
        OnLoad?.Invoke();
        Tokenizer tokenizer = Checkpoint == Folder ? Tokenizer : Tokenizer.Load(Checkpoint);
        var limits = new ModelLimits(tokenizer.VocabSize, ContextLength, options.BlockSize, BlockCount: 16 * ContextLength / options.BlockSize) { HiddenSize = 32 };
        int[]? reply = Reply is null ? null : tokenizer.Encode(Reply, parseSpecial: Checkpoint != Folder);
        // Decoding drops the dummy space of a first token; one that is nothing else prints nothing, which no grammar allows.
        if (reply is [var first, _, ..] && tokenizer.Piece(first) == "▁") reply = reply[1..];
        var model = new FakeModel { VocabSize = tokenizer.VocabSize, Reply = reply, StopTokenId = tokenizer.EosId!.Value };
        return new LoadedModel(new FakeModelRunner(limits, model) { OnStep = OnStep }, new ModelDescription("fake", "none", "none", "none") { Devices = [new DeviceShare("none", 1, 2, 4) { Traffic = new StreamTraffic(isWaitedFor: true) }] });
    }
}
