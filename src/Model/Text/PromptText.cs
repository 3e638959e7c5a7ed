namespace Llama.Model.Text;

/// <summary>
/// Text that knows where it came from: the parts a chat template wrote may spell special tokens, the parts that came in a message never do.
/// Every operation of a template is built on <see cref="Concat"/> and <see cref="Slice"/>, so that provenance cannot be lost on the way.
/// </summary>
internal sealed class PromptText
{
    private readonly Part[] _parts;

    private PromptText(string text, Part[] parts) => (Text, _parts) = (text, parts);

    public static PromptText Empty { get; } = new("", []);

    /// <summary>The characters, whatever their origin.</summary>
    public string Text { get; }

    public int Length => Text.Length;

    /// <summary>The stretches written by the template, joined where they touch.</summary>
    public IEnumerable<Range> TrustedRanges
    {
        get
        {
            foreach (Part part in _parts)
            {
                if (part.IsTrusted) yield return part.Start..part.End;
            }
        }
    }

    public static PromptText Trusted(string text) => Of(text, isTrusted: true);

    public static PromptText Untrusted(string text) => Of(text, isTrusted: false);

    public static PromptText Concat(IReadOnlyList<PromptText> texts)
    {
        if (texts.Count == 1) return texts[0];
        var parts = new List<Part>();
        int offset = 0;
        foreach (PromptText text in texts)
        {
            foreach (Part part in text._parts) Append(parts, part.Shifted(offset));
            offset += text.Length;
        }
        return new PromptText(string.Concat(texts.Select(text => text.Text)), [.. parts]);
    }

    public static PromptText operator +(PromptText left, PromptText right) => Concat([left, right]);

    public PromptText Slice(int start, int length)
    {
        if (length == Length) return this;
        var parts = new List<Part>();
        foreach (Part part in _parts)
        {
            int from = Math.Max(part.Start, start), to = Math.Min(part.End, start + length);
            if (from < to) parts.Add(new Part(from - start, to - start, part.IsTrusted));
        }
        return new PromptText(Text.Substring(start, length), [.. parts]);
    }

    /// <summary>The same provenance under changed characters, for changes such as upper-casing that keep every character in its place.</summary>
    public PromptText Mapped(Func<string, string> change)
    {
        string changed = change(Text);
        return changed.Length == Length ? new PromptText(changed, _parts) : Of(changed, Array.TrueForAll(_parts, part => part.IsTrusted));
    }

    public override string ToString() => Text;

    private static PromptText Of(string text, bool isTrusted) => text.Length == 0 ? Empty : new PromptText(text, [new Part(0, text.Length, isTrusted)]);

    private static void Append(List<Part> parts, Part part)
    {
        if (parts.Count > 0 && parts[^1].IsTrusted == part.IsTrusted) parts[^1] = parts[^1] with { End = part.End };
        else parts.Add(part);
    }

    private readonly record struct Part(int Start, int End, bool IsTrusted)
    {
        public Part Shifted(int offset) => new(Start + offset, End + offset, IsTrusted);
    }
}
