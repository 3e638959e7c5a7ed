using System.Globalization;
using Llama.Model;
using Llama.Model.Diagnosis;
using Llama.Model.Text;
using Llama.Server.CommandLine;
using Llama.Server.Hosting;

namespace Llama.Server.Bench.Compare;

/// <summary>What the modes are compared on: a model, a device, a prompt. Looked at without loading weights.</summary>
internal sealed class CompareSubject
{
    private readonly string[] _devices;

    private CompareSubject(ComparePlan plan, ModelIdentity identity, ModelOptions options)
    {
        LlamaConfig config = LlamaConfig.Load(identity.Folder);
        (Name, Shape, _devices) = (identity.Name, ModelDescription.Shape(config), ModelDiagnosis.Devices(options));
        PromptIds = plan.Prompt is { } question ? Encode(identity.Folder, question) : Random(plan, config.VocabSize);
        int length = PromptIds.Length + plan.NewTokens, context = ModelRunner.ContextLengthOf(options, config);
        if (length > context) throw new VerbException(FormattableString.Invariant($"Prompt and --new-tokens come to {length:N0} tokens; {Name} takes {context:N0}. Ask for fewer."));
        int blocks = ModelLimits.BlocksOf(length, options.BlockSize);
        // A cache for this one answer, so that memory is the mode's and not what the machine had to spare; and no answer finds its prompt computed.
        SharedSettings = [.. plan.ServerSettings, $"--Model:BlockCount={options.BlockCount ?? blocks + 1}", "--Scheduler:PrefixCache=false"];
    }

    /// <summary>The model's id.</summary>
    public string Name { get; }

    /// <summary>Its shape in words.</summary>
    public string Shape { get; }

    public int[] PromptIds { get; }

    /// <summary>Settings of all modes.</summary>
    public string[] SharedSettings { get; }

    /// <exception cref="VerbException">The settings are wrong, or the prompt does not fit the model.</exception>
    public static CompareSubject Find(ComparePlan plan)
    {
        if (ComparedModes.Compared.FirstOrDefault(key => plan.ServerSettings.Any(setting => setting.StartsWith($"--{key}=", StringComparison.OrdinalIgnoreCase))) is { } key)
            throw new VerbException($"{key} is what --compare compares; leave it out.");
        using WebApplication app = VerbServices.Build(plan.ServerSettings);
        ModelIdentity identity = app.Services.GetRequiredService<ModelIdentity>();
        return new CompareSubject(plan, identity, VerbServices.ModelOptions(app));
    }

    /// <summary>So many devices as <c>Model:Device</c> lists them: the first of those that the settings name, and further ones of its kind where they name fewer.</summary>
    public string Devices(int count)
    {
        if (count <= _devices.Length) return string.Join(',', _devices.Take(count));
        string[] first = _devices[0].Split(':'); // of the processor any number will do
        int index = first is [_, string number] ? int.Parse(number, CultureInfo.InvariantCulture) : 0;
        return string.Join(',', Enumerable.Range(index, count).Select(index => $"{first[0]}:{index}"));
    }

    private static int[] Encode(string folder, string question)
    {
        return ChatFormat.Load(folder, Tokenizer.Load(folder)).TryRender([new ChatMessage("user", question)], addGenerationPrompt: true, out int[] tokens, out string? fault)
            ? tokens
            : throw new VerbException($"--prompt: {fault}");
    }

    private static int[] Random(ComparePlan plan, int vocabSize)
    {
        Random random = new(plan.Seed);
        return [.. Enumerable.Range(0, plan.PromptTokens).Select(_ => random.Next(vocabSize))];
    }
}
