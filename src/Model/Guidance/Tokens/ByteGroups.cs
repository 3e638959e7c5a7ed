using Llama.Model.Guidance.Automata;

namespace Llama.Model.Guidance.Tokens;

/// <summary>Bytes in up to 64 groups, so that a set of them is a word: letters of either case, digits, each punctuation mark by itself, controls, and all beyond ASCII.</summary>
internal static class ByteGroups
{
    private const int Lower = 0, Upper = 1, Digit = 2, Control = 3, BeyondAscii = 4, FirstMark = 5;

    private static readonly ulong[] Groups = Assign(); // [256]

    /// <summary>The set of the byte's group alone.</summary>
    public static ulong Of(byte value) => Groups[value];

    /// <summary>The groups of which some byte does not lead from a state to itself.</summary>
    public static ulong LeadingAway(ByteState state)
    {
        ulong away = 0;
        for (int value = 0; value <= byte.MaxValue; value++)
        {
            if ((away & Groups[value]) == 0 && !ReferenceEquals(state.Advance((byte)value), state)) away |= Groups[value];
        }
        return away;
    }

    private static ulong[] Assign()
    {
        var groups = new ulong[256];
        int mark = FirstMark;
        for (int value = 0; value < groups.Length; value++)
        {
            int group = (char)value switch { >= 'a' and <= 'z' => Lower, >= 'A' and <= 'Z' => Upper, >= '0' and <= '9' => Digit, < ' ' or '\x7F' => Control, > '\x7F' => BeyondAscii, _ => mark++ };
            groups[value] = 1UL << group;
        }
        return groups;
    }
}
