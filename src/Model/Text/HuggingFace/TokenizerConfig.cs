using System.Globalization;
using System.Text.Json;

namespace Llama.Model.Text.HuggingFace;

/// <summary>What tokenizer_config.json, special_tokens_map.json and added_tokens.json say beside the vocabulary; all three may be missing.</summary>
internal sealed class TokenizerConfig
{
    private const string ConfigName = "tokenizer_config.json", MapName = "special_tokens_map.json", AddedName = "added_tokens.json";
    private static readonly string[] NamedTokens = ["bos_token", "eos_token", "pad_token", "sep_token", "cls_token", "mask_token"];
    private readonly string _folder;
    private readonly JsonElement _config, _map;

    private TokenizerConfig(string folder, JsonElement config, JsonElement map, IReadOnlyList<AddedToken> added)
    {
        (_folder, _config, _map, AddedTokens) = (folder, config, map, added);
    }

    public static TokenizerConfig Read(string folder)
    {
        JsonElement config = JsonFile.TryRead(folder, ConfigName) ?? default;
        JsonElement map = JsonFile.TryRead(folder, MapName) ?? default;
        return new TokenizerConfig(folder, config, map, [.. OldAddedTokens(folder), .. AddedTokensOf(folder, config)]);
    }

    /// <summary>Tokens of added_tokens.json, then those of added_tokens_decoder, which says more and therefore wins.</summary>
    public IReadOnlyList<AddedToken> AddedTokens { get; }

    public string Source => Path.Combine(_folder, ConfigName);

    /// <summary>Whether plain text is to begin with BOS, where the files say.</summary>
    public bool? AddBos => _config.GetFlag("add_bos_token");

    /// <summary>
    /// Where a tokenizer.model puts its dummy prefix: as the tokenizer.json beside it has it, which Hugging Face takes, or the one that it would make (convert_slow_tokenizer.py, <c>LlamaConverter</c>).
    /// </summary>
    public Metaspace ReadSpaces() => PreTokenization.SpacesOf(_folder) ?? (_config.GetFlag("legacy") == false ? new Metaspace(PrefixScheme.First, EvenBeforeSpace: false, SplitsWords: false) : Metaspace.Llama);

    /// <summary>The chat template: one string, or the one named default among several.</summary>
    public string? ChatTemplate => _config.Get("chat_template") switch
    {
        { ValueKind: JsonValueKind.String } template => template.GetString(),
        { ValueKind: JsonValueKind.Array } templates => DefaultOf(templates),
        _ => null,
    };

    /// <summary>The template for conversations with tools, where the checkpoint has one of its own (named tool_use).</summary>
    public string? ToolTemplate => _config.Get("chat_template") is { ValueKind: JsonValueKind.Array } templates ? Named(templates, "tool_use") : null;

    /// <summary>The spelling of <c>bos_token</c> and the like; the entry is a string or an object with <c>content</c>.</summary>
    public string? SpecialToken(string name) => Spelling(_config.Get(name)) ?? Spelling(_map.Get(name));

    /// <summary>The id of such a token, or null when the files name none.</summary>
    public int? SpecialId(string name, Vocabulary vocabulary)
    {
        if (SpecialToken(name) is not { Length: > 0 } spelling) return null;
        if (vocabulary.TryGetId(spelling, out int id)) return id;
        throw new InvalidDataException($"{Source} names '{spelling}' as {name}, which the vocabulary lacks. Use the tokenizer files of one checkpoint together.");
    }

    /// <summary>Makes control tokens of those that the files name as such, wherever they lie in the vocabulary.</summary>
    public void MarkSpecials(List<Token> tokens)
    {
        HashSet<string> specials = [.. NamedTokens.Select(SpecialToken).OfType<string>(), .. Additional(_config), .. Additional(_map)];
        for (int id = 0; id < tokens.Count; id++)
        {
            Token token = tokens[id];
            if (token.Kind is not (TokenKind.Unknown or TokenKind.Control) && specials.Contains(token.Piece)) tokens[id] = Token.Literal(token.Piece, TokenKind.Control);
        }
    }

    private static IEnumerable<string> Additional(JsonElement root) =>
        root.Get("additional_special_tokens") is { ValueKind: JsonValueKind.Array } tokens ? tokens.EnumerateArray().Select(token => Spelling(token)).OfType<string>() : [];

    private static string? Spelling(JsonElement? token) => token switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } entry => entry.GetText("content"),
        _ => null,
    };

    private string DefaultOf(JsonElement templates)
    {
        string names = string.Join(", ", templates.EnumerateArray().Select(entry => entry.GetText("name")));
        return Named(templates, "default")
            ?? throw new InvalidDataException($"{Source} has several chat templates ({names}) and none named default. Put the one to use into chat_template.jinja beside it.");
    }

    private static string? Named(JsonElement templates, string name) =>
        templates.EnumerateArray().FirstOrDefault(entry => entry.GetText("name") == name).GetText("template");

    private static IEnumerable<AddedToken> OldAddedTokens(string folder)
    {
        if (JsonFile.TryRead(folder, AddedName) is not { } root) yield break;
        foreach (JsonProperty entry in root.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id))
                throw new InvalidDataException($"{Path.Combine(folder, AddedName)} has no id for '{entry.Name}'. Copy it from the checkpoint again.");
            yield return new AddedToken(id, entry.Name, IsSpecial: false);
        }
    }

    private static IEnumerable<AddedToken> AddedTokensOf(string folder, JsonElement config)
    {
        if (config.Get("added_tokens_decoder") is not { ValueKind: JsonValueKind.Object } decoder) yield break;
        foreach (JsonProperty entry in decoder.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
                throw new InvalidDataException($"{Path.Combine(folder, ConfigName)}: added_tokens_decoder has '{entry.Name}' where an id belongs.");
            yield return Parse(id, entry.Value, Path.Combine(folder, ConfigName));
        }
    }

    /// <summary>One entry of added_tokens_decoder or of tokenizer.json's added_tokens.</summary>
    public static AddedToken Parse(int id, JsonElement entry, string source)
    {
        string content = entry.GetText("content") ?? throw new InvalidDataException($"{source}: the added token {id} has no content. Copy the file from the checkpoint again.");
        if (entry.GetFlag("single_word") == true) throw new NotSupportedException($"{source}: the added token '{content}' is single_word, which is not supported.");
        return new AddedToken(id, content, entry.GetFlag("special") ?? false, entry.GetFlag("lstrip") ?? false, entry.GetFlag("rstrip") ?? false);
    }
}
