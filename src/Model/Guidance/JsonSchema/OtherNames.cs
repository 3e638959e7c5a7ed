using static Llama.Model.Guidance.JsonSchema.Compose;

namespace Llama.Model.Guidance.JsonSchema;

/// <summary>
/// Property names other than given ones: a tree of the given names, in which another name leaves the tree or stops where no given name ends. Written without escapes, so
/// that no second spelling of a given name slips through.
/// </summary>
internal sealed class OtherNames
{
    /// <summary>A tree's height is an expression's depth. What begins like a longer name is not written either.</summary>
    private const int MaxHeight = 64;

    private static readonly Expression Anything = Many(new CharacterClass(JsonText.Unescaped));

    private readonly SortedDictionary<char, OtherNames> _children = [];
    private bool _isName;
    private bool _isCut;

    private OtherNames() { }

    /// <summary>The names, with their quotes; none of them empty.</summary>
    public static Expression Than(IEnumerable<string> names)
    {
        OtherNames root = Tree(names);
        if (root._children.Count == 0) return JsonText.AnyName;
        return JsonText.Quoted(root.Others([], new Reference(new Rule("the rest of a name") { Body = Anything })));
    }

    /// <summary>The names as they are read, to be intersected with what else is said of them.</summary>
    public static Expression TextsOtherThan(IEnumerable<string> names) => Tree(names).Others([], Anything);

    private static OtherNames Tree(IEnumerable<string> names)
    {
        var root = new OtherNames { _isName = true };
        foreach (string name in names) root.Add(name);
        return root;
    }

    private void Add(string name)
    {
        OtherNames node = this;
        foreach (char character in name.Take(MaxHeight))
        {
            if (!node._children.TryGetValue(character, out OtherNames? next)) node._children[character] = next = new OtherNames();
            node = next;
        }
        node._isName |= name.Length <= MaxHeight;
        node._isCut |= name.Length > MaxHeight;
    }

    // What may follow the characters that lead here. Half a pair is no character: names that begin as one with a pair do are given up whatever the pair.
    private Expression Others(Dictionary<string, CharacterClass> leaving, Expression rest)
    {
        if (_isCut) return Nothing;
        var others = new List<Expression> { Sequence(Leaving(leaving), rest) };
        foreach ((char character, OtherNames child) in _children.Where(child => JsonText.Unescaped.Contains(child.Key)))
            others.Add(Sequence(Exact(character.ToString()), child.Others(leaving, rest)));
        if (!_isName) others.Add(Expression.Empty);
        return OneOf(others);
    }

    // Sets are slow to make, and most places of the tree leave out one of few characters.
    private CharacterClass Leaving(Dictionary<string, CharacterClass> known)
    {
        string key = string.Concat(_children.Keys);
        if (!known.TryGetValue(key, out CharacterClass? leaving))
            known[key] = leaving = new CharacterClass(JsonText.Unescaped.Except(CodePointSet.Of(_children.Keys.Select(Taken))));
        return leaving;
    }

    private static CodePointRange Taken(char character) =>
        char.IsSurrogate(character) ? new CodePointRange(0x10000, 0x10FFFF) : new CodePointRange(character, character);
}
