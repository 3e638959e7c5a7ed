namespace Llama.Model.Text.Bpe;

/// <summary>A stretch of text on its way to becoming a token; symbols form a linked list in text order.</summary>
internal struct Symbol
{
    public int Start;
    public int Length;
    public int Previous;
    public int Next;

    /// <summary>The token that spells this stretch, or -1.</summary>
    public int Id;

    /// <summary>Whether the symbol may not be merged (a user-defined piece).</summary>
    public bool IsFrozen;

    /// <summary>Lays a symbol behind the others.</summary>
    public static void Append(ref PooledList<Symbol> symbols, int start, int length, int id, bool isFrozen = false)
    {
        int index = symbols.Count;
        if (index > 0) symbols.Items[index - 1].Next = index;
        symbols.Add(new Symbol { Start = start, Length = length, Previous = index - 1, Next = -1, Id = id, IsFrozen = isFrozen });
    }
}
