using System.Globalization;

namespace Llama.Model.Guidance.RegularExpressions;

/// <summary>
/// A character class of which engines differ in opinion: what all of them take for a member, and what any of them does. Output keeps to the first, so that
/// .NET, JavaScript and Python accept it alike; negation swaps the two.
/// </summary>
/// <param name="Certain">Members whatever the engine, less those better left out of an output.</param>
/// <param name="Possible">Members for some engine.</param>
internal sealed record ClassSet(CodePointSet Certain, CodePointSet Possible)
{
    private static readonly CodePointSet AsciiSpaces = CodePointSet.Characters("\t\n\v\f\r ");

    // A .NET expression counts UTF-16 units: beyond the basic plane one class would have to match twice.
    private static readonly CodePointSet BasicPlane = CodePointSet.Range(0, 0xFFFF);

    // A class that says what is not wanted means visible text, hardly a bell or a NUL.
    private static readonly CodePointSet Text = UnicodeSets.Of(UnicodeCategory.Control).Except(CodePointSet.Characters("\t\n\r")).Complement();

    public static ClassSet Nothing { get; } = Exactly(CodePointSet.Nothing);

    /// <summary>Every character: what a class and its negation are together.</summary>
    public static ClassSet Anything { get; } = Nothing.Negated();

    /// <summary>What <c>.</c> matches without the option to match line ends.</summary>
    public static ClassSet Dot { get; } = new ClassSet(CodePointSet.Characters("\n"), CodePointSet.Characters("\n\r\u0085\u2028\u2029")).Negated();

    public static ClassSet Digit { get; } = new(CodePointSet.Range('0', '9'), UnicodeSets.Of(UnicodeCategory.DecimalDigitNumber).Union(UnicodeSets.Unassigned));

    public static ClassSet Word { get; } = new(
        CodePointSet.Range('0', '9').Union(CodePointSet.Range('A', 'Z')).Union(CodePointSet.Range('a', 'z')).Union(CodePointSet.Characters("_")),
        UnicodeSets.Words.Union(UnicodeSets.Unassigned));

    public static ClassSet Space { get; } = new(AsciiSpaces, UnicodeSets.Spaces);

    /// <summary>The characters themselves, on which all engines agree.</summary>
    public static ClassSet Exactly(CodePointSet set) => new(set, set);

    /// <summary>A general category, whose unassigned code points a newer engine may know.</summary>
    public static ClassSet Category(CodePointSet set) => new(Preferring(set, BasicPlane), set.Union(UnicodeSets.Unassigned));

    public ClassSet Negated() => new(Except(Possible), Certain.Complement());

    /// <summary>The certain members of a negated class, given what is possible in the class.</summary>
    public static CodePointSet Except(CodePointSet possible) => Preferring(Preferring(possible.Complement(), BasicPlane), Text);

    private static CodePointSet Preferring(CodePointSet set, CodePointSet preferred) => set.Intersect(preferred) is { IsEmpty: false } both ? both : set;
}
