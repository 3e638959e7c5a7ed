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

    private readonly SortedDictionary<char, OtherNames> _children = [];
    private bool _isName;
    private bool _isCut;

    private OtherNames() { }

    /// <summary>The names, with their quotes; none of them empty.</summary>
    public static Expression Than(IEnumerable<string> names)
    {
        var root = new OtherNames { _isName = true };
        foreach (string name in names) root.Add(name);
        return root._children.Count == 0 ? JsonText.AnyName : JsonText.Quoted(root.Rest());
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

    // What may follow the characters that lead here.
    private Expression Rest()
    {
        if (_isCut) return Nothing;
        var rest = new List<Expression>();
        foreach ((char character, OtherNames child) in _children)
        {
            // Half a pair is no character: what begins with any pair of that half is given up instead, in Leaving.
            if (JsonText.Unescaped.Contains(character)) rest.Add(Sequence(Exact(character.ToString()), child.Rest()));
        }
        rest.Add(Sequence(Leaving(), Many(new CharacterClass(JsonText.Unescaped))));
        if (!_isName) rest.Add(Expression.Empty);
        return OneOf(rest);
    }

    private CharacterClass Leaving()
    {
        CodePointSet taken = CodePointSet.Of(_children.Keys.Select(Taken));
        return new CharacterClass(JsonText.Unescaped.Except(taken));
    }

    private static CodePointRange Taken(char character) =>
        char.IsSurrogate(character) ? new CodePointRange(0x10000, 0x10FFFF) : new CodePointRange(character, character);
}
