using System.Text.Json;

namespace Llama.Model.Text.HuggingFace;

/// <summary>What normalizer and pre_tokenizer of a tokenizer.json come to: words of bytes, or spaces marked with U+2581. Anything else is refused by name.</summary>
internal sealed record PreTokenization(WordPattern? Words, Metaspace? Spaces)
{
    public static PreTokenization Read(JsonElement root)
    {
        JsonElement[] normalizers = Flatten(root.Get("normalizer"), "normalizers"), preTokenizers = Flatten(root.Get("pre_tokenizer"), "pretokenizers");
        Metaspace? spaces = OfNormalizers(normalizers) ?? OfMetaspace(preTokenizers);
        if (spaces is not null) return new PreTokenization(null, spaces);
        if (normalizers.Length > 0) throw Unsupported("normalizer", normalizers[0]);
        return new PreTokenization(OfByteLevel(preTokenizers), null);
    }

    // Llama 2 converted: Prepend "▁" (or not), Replace " " by "▁", and no pre-tokeniser.
    private static Metaspace? OfNormalizers(JsonElement[] normalizers)
    {
        if (normalizers.Length == 0) return null;
        bool prepends = false, replaces = false;
        foreach (JsonElement normalizer in normalizers)
        {
            if (normalizer.GetText("type") == "Prepend" && normalizer.GetText("prepend") == "▁") prepends = true;
            else if (ReplacesSpaces(normalizer)) replaces = true;
            else throw Unsupported("normalizer", normalizer);
        }
        if (!replaces) throw Unsupported("normalizer", normalizers[0]);
        return new Metaspace(prepends ? PrefixScheme.Always : PrefixScheme.Never, EvenBeforeSpace: true, SplitsWords: false);
    }

    private static bool ReplacesSpaces(JsonElement normalizer) =>
        normalizer.GetText("type") == "Replace" && normalizer.Get("pattern")?.GetText("String") == " " && normalizer.GetText("content") == "▁";

    private static Metaspace? OfMetaspace(JsonElement[] preTokenizers)
    {
        if (preTokenizers is not [var metaspace] || metaspace.GetText("type") != "Metaspace") return null;
        if (metaspace.GetText("replacement") is not (null or "▁")) throw Unsupported("pre_tokenizer", metaspace);
        PrefixScheme scheme = metaspace.GetText("prepend_scheme") switch
        {
            "always" => PrefixScheme.Always,
            "first" => PrefixScheme.First,
            "never" => PrefixScheme.Never,
            null => metaspace.GetFlag("add_prefix_space") ?? true ? PrefixScheme.Always : PrefixScheme.Never,
            _ => throw Unsupported("pre_tokenizer", metaspace),
        };
        return new Metaspace(scheme, EvenBeforeSpace: false, metaspace.GetFlag("split") ?? true);
    }

    // Llama 3: Split by its pattern, then ByteLevel without one of its own. GPT-2: ByteLevel alone.
    private static WordPattern OfByteLevel(JsonElement[] preTokenizers)
    {
        WordPattern? pattern = null;
        foreach (JsonElement step in preTokenizers)
        {
            string? type = step.GetText("type");
            bool usesOwnPattern = step.GetFlag("use_regex") ?? true;
            if (type == "Split" && pattern is null) pattern = OfSplit(step);
            else if (type == "ByteLevel" && step.GetFlag("add_prefix_space") != true && usesOwnPattern == pattern is null) return pattern ?? WordPattern.Default;
            else throw Unsupported("pre_tokenizer", step);
        }
        throw new NotSupportedException("a tokenizer without ByteLevel, Metaspace or a Replace of spaces is not supported");
    }

    private static WordPattern OfSplit(JsonElement split)
    {
        bool isIsolated = split.GetText("behavior") == "Isolated" && split.GetFlag("invert") != true;
        return (isIsolated ? WordPattern.Find(split.Get("pattern")?.GetText("Regex") ?? "") : null) ?? throw Unsupported("pre_tokenizer", split);
    }

    private static JsonElement[] Flatten(JsonElement? step, string members) =>
        step is not { } one ? [] : one.GetText("type") == "Sequence" && one.Get(members) is { } all ? [.. all.EnumerateArray()] : [one];

    private static NotSupportedException Unsupported(string part, JsonElement step) => new($"the {part} {step} is not supported");
}
