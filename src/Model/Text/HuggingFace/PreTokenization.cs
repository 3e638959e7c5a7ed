using System.Text.Json;

namespace Llama.Model.Text.HuggingFace;

/// <summary>What normalizer and pre_tokenizer of a tokenizer.json come to: words of bytes, or spaces marked with U+2581. Anything else is refused by name.</summary>
internal sealed record PreTokenization(WordPattern? Words, Metaspace? Spaces)
{
    public static PreTokenization Read(JsonElement root)
    {
        JsonElement[] normalizers = Flatten(root.Get("normalizer"), "normalizers"), preTokenizers = Flatten(root.Get("pre_tokenizer"), "pretokenizers");
        if (OfNormalizers(normalizers) is { } replaced) return new PreTokenization(null, Alone(replaced, preTokenizers));
        return OfMetaspace(preTokenizers) is { } spaces ? new PreTokenization(null, spaces) : new PreTokenization(OfByteLevel(preTokenizers), null);
    }

    /// <summary>How the tokenizer.json of a folder marks spaces; null where there is none, or does so in no known way.</summary>
    public static Metaspace? SpacesOf(string folder)
    {
        try
        {
            return JsonFile.TryRead(folder, TokenizerJsonLoader.FileName) is { } root ? Read(root).Spaces : null;
        }
        catch (Exception e) when (e is NotSupportedException or InvalidDataException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return null; // a file that nothing else is asked of
        }
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

    // Where no space is left, splitting at spaces (Gemma's files do) changes nothing; anything else would.
    private static Metaspace Alone(Metaspace replaced, JsonElement[] preTokenizers) =>
        Array.Find(preTokenizers, step => !SplitsAtSpaces(step)) is { ValueKind: not JsonValueKind.Undefined } other ? throw Unsupported("pre_tokenizer", other) : replaced;

    private static bool SplitsAtSpaces(JsonElement step) =>
        step.GetText("type") == "Split" && step.Get("pattern")?.GetText("String") == " " && step.GetFlag("invert") != true;

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

    // Llama 3: Split by its pattern, then ByteLevel without one of its own. GPT-2: ByteLevel alone. SmolLM: Digits before that.
    private static WordPattern OfByteLevel(JsonElement[] preTokenizers)
    {
        if (preTokenizers is not [.. var steps, var last] || last.GetText("type") != "ByteLevel")
            throw preTokenizers.Length > 0 ? Unsupported("pre_tokenizer", preTokenizers[^1]) : new NotSupportedException("a tokenizer without ByteLevel, Metaspace or a Replace of spaces is not supported");
        if (last.GetFlag("add_prefix_space") == true) throw Unsupported("pre_tokenizer", last);
        string[] patterns = [.. steps.Select(PatternOf), .. last.GetFlag("use_regex") ?? true ? [WordPattern.DefaultPattern] : Array.Empty<string>()];
        return WordPattern.Find(patterns) ?? throw new NotSupportedException($"the pre_tokenizers {string.Join(", ", preTokenizers)}, in this order, are not supported");
    }

    private static string PatternOf(JsonElement step)
    {
        if (step.GetText("type") == "Digits" && step.GetFlag("individual_digits") == true) return WordPattern.SingleDigits;
        bool isIsolated = step.GetText("type") == "Split" && step.GetText("behavior") == "Isolated" && step.GetFlag("invert") != true;
        return (isIsolated ? step.Get("pattern")?.GetText("Regex") : null) ?? throw Unsupported("pre_tokenizer", step);
    }

    private static JsonElement[] Flatten(JsonElement? step, string members) =>
        step is not { } one ? [] : one.GetText("type") == "Sequence" && one.Get(members) is { } all ? [.. all.EnumerateArray()] : [one];

    private static NotSupportedException Unsupported(string part, JsonElement step) => new($"the {part} {step} is not supported");
}
