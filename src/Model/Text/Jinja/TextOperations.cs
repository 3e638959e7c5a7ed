namespace Llama.Model.Text.Jinja;

/// <summary>String operations that keep track of where each character came from.</summary>
internal static class TextOperations
{
    /// <summary>Strips white space, or the given characters.</summary>
    public static PromptText Strip(PromptText text, string? characters, bool atStart, bool atEnd)
    {
        int start = 0, end = text.Length;
        while (atStart && start < end && Goes(text.Text[start])) start++;
        while (atEnd && end > start && Goes(text.Text[end - 1])) end--;
        return text.Slice(start, end - start);

        bool Goes(char c) => characters is null ? PythonText.IsSpace(c) : characters.Contains(c);
    }

    /// <summary>str.replace(old, new[, count]).</summary>
    public static object? Replace(PromptText text, Arguments arguments)
    {
        string old = arguments.RequireText(0, "old");
        PromptText replacement = Values.ToText(arguments.Require(1, "new"));
        long count = arguments.GetInteger(2, "count", -1);
        return old.Length == 0 ? throw new TemplateException("the chat template replaces the empty string") : Join(Pieces(text, old, count), replacement);
    }

    /// <summary>str.find(sub): its place in code points, -1 where it is not.</summary>
    public static object? Find(PromptText text, Arguments arguments)
    {
        int found = text.Text.IndexOf(arguments.RequireText(0, "sub"), StringComparison.Ordinal);
        return found < 0 ? -1L : Values.Length(text.Slice(0, found));
    }

    /// <summary>str.split(): at a separator, or at runs of white space.</summary>
    public static List<object?> Split(PromptText text, PromptText? separator, long limit)
    {
        if (separator is null) return [.. Words(text, limit)];
        return separator.Length > 0 ? [.. Pieces(text, separator.Text, limit)] : throw new TemplateException("the chat template splits at the empty string");
    }

    public static PromptText Join(IEnumerable<object?> items, PromptText separator)
    {
        var parts = new List<PromptText>();
        foreach (object? item in items)
        {
            if (parts.Count > 0) parts.Add(separator);
            parts.Add(Values.ToText(item));
        }
        return PromptText.Concat(parts);
    }

    /// <summary>What lies between two places that count code points, as Python's do.</summary>
    public static PromptText CutByCodePoints(PromptText text, long from, long to)
    {
        if (from >= to) return PromptText.Empty;
        int start = Offset(text.Text, 0, from), end = Offset(text.Text, start, to - from);
        return text.Slice(start, end - start);
    }

    // Behind so many code points from a place on.
    private static int Offset(string text, int start, long count)
    {
        if (!text.AsSpan(start).ContainsAnyInRange('\uD800', '\uDFFF')) return start + (int)count;
        for (; count > 0; count--) start += start + 1 < text.Length && char.IsSurrogatePair(text, start) ? 2 : 1;
        return start;
    }

    /// <summary>Python's <c>pattern % values</c> with %s and %%, all that templates use of it.</summary>
    public static PromptText Format(PromptText pattern, IReadOnlyList<object?> values)
    {
        var parts = new List<PromptText>();
        int done = 0, used = 0;
        for (int at = pattern.Text.IndexOf('%'); at >= 0; at = pattern.Text.IndexOf('%', done))
        {
            parts.Add(pattern.Slice(done, at - done));
            parts.Add(pattern.Text.AsSpan(at + 1) switch
            {
                ['s', ..] when used < values.Count => Values.ToText(values[used++]),
                ['%', ..] => pattern.Slice(at, 1),
                _ => throw new TemplateException($"the chat template's format '{pattern.Text}' is not supported or lacks a value"),
            });
            done = at + 2;
        }
        parts.Add(pattern.Slice(done, pattern.Length - done));
        return used == values.Count ? PromptText.Concat(parts) : throw new TemplateException($"the chat template gives '{pattern.Text}' too many values");
    }

    private static IEnumerable<PromptText> Pieces(PromptText text, string separator, long limit)
    {
        int start = 0;
        for (long n = 0; n != limit; n++)
        {
            int found = text.Text.IndexOf(separator, start, StringComparison.Ordinal);
            if (found < 0) break;
            yield return text.Slice(start, found - start);
            start = found + separator.Length;
        }
        yield return text.Slice(start, text.Length - start);
    }

    private static IEnumerable<PromptText> Words(PromptText text, long limit)
    {
        int start = 0;
        for (long n = 0; ; n++)
        {
            while (start < text.Length && PythonText.IsSpace(text.Text[start])) start++;
            if (start == text.Length) yield break;
            int end = start;
            while (end < text.Length && (n == limit || !PythonText.IsSpace(text.Text[end]))) end++;
            yield return text.Slice(start, end - start);
            start = end;
        }
    }
}
