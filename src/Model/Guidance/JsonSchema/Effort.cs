namespace Llama.Model.Guidance.JsonSchema;

/// <summary>What a schema may cost in all. Schemas can ask for much more than they spell out, by alternatives that multiply or definitions that are referred to again and again.</summary>
internal sealed class Effort
{
    private const long Largest = 5_000_000;

    private const int CostOfPiece = 5, CostOfValue = 50;

    private long _spent;

    /// <summary>Notes the work of writing an expression out, which grows with its parts and with the ranges of its characters.</summary>
    public void Spend(Expression written) => Spend(CostOfPiece * SizeOf(written));

    /// <summary>Notes some work, in comparisons of properties or values.</summary>
    /// <exception cref="GrammarException">It is too much by now.</exception>
    public void Spend(long work) => Spend(work, "", "The schema combines into too much: use fewer anyOf, oneOf and allOf together over large objects or lists.");

    /// <summary>Notes the work of reading or writing values that the schema lists at a place.</summary>
    /// <exception cref="GrammarException">It is too much by now.</exception>
    public void SpendOnValues(int count, string path) => Spend(CostOfValue * (long)count, path, $"The schema lists too many values ({count} here): use fewer, or describe them by a pattern.");

    private void Spend(long work, string path, string fault)
    {
        _spent += work;
        if (_spent > Largest) throw new GrammarException(path, fault);
    }

    private static long SizeOf(Expression expression) => 1 + expression switch
    {
        CharacterClass characters => characters.Set.Ranges.Count,
        Concatenation sequence => sequence.Items.Sum(SizeOf),
        Alternation choice => choice.Items.Sum(SizeOf),
        Repetition repetition => SizeOf(repetition.Item),
        WidthLimit limit => SizeOf(limit.Single) + SizeOf(limit.Double),
        _ => 0,
    };
}
