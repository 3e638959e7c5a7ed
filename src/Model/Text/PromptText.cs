using System.Text;

namespace Llama.Model.Text;

/// <summary>
/// Text that knows where it came from: the parts a chat template wrote may spell special tokens, the parts that came in a message never do.
/// Every operation of a template is built on <see cref="Concat"/> and <see cref="Slice"/>, so that provenance cannot be lost on the way.
/// </summary>
/// <remarks>
/// Texts are joined when somebody reads them: templates that add message by message to one text would copy all that is there for each of them.
/// What one rendering has joined belongs to its thread; literals, which renderings share, are whole from the start.
/// </remarks>
internal sealed class PromptText
{
    private IReadOnlyList<PromptText> _pieces; // not joined yet; none otherwise
    private string _text = "";
    private Part[] _parts = [];

    private PromptText(string text, Part[] parts) => (_pieces, _text, _parts, Length) = ([], text, parts, text.Length);

    private PromptText(IReadOnlyList<PromptText> pieces) => (_pieces, Length) = (pieces, pieces.Sum(piece => piece.Length));

    public static PromptText Empty { get; } = new("", []);

    /// <summary>The characters, whatever their origin.</summary>
    public string Text
    {
        get
        {
            Join();
            return _text;
        }
    }

    public int Length { get; }

    /// <summary>The stretches written by the template, joined where they touch.</summary>
    public IEnumerable<Range> TrustedRanges
    {
        get
        {
            foreach (Part part in Parts)
            {
                if (part.IsTrusted) yield return part.Start..part.End;
            }
        }
    }

    private Part[] Parts
    {
        get
        {
            Join();
            return _parts;
        }
    }

    public static PromptText Trusted(string text) => Of(text, isTrusted: true);

    public static PromptText Untrusted(string text) => Of(text, isTrusted: false);

    public static PromptText Concat(IReadOnlyList<PromptText> texts) => texts.Count == 1 ? texts[0] : new PromptText(texts);

    public static PromptText operator +(PromptText left, PromptText right) => Concat([left, right]);

    public PromptText Slice(int start, int length)
    {
        if (length == Length) return this;
        var parts = new List<Part>();
        foreach (Part part in Parts)
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
        return changed.Length == Length ? new PromptText(changed, Parts) : Of(changed, Array.TrueForAll(Parts, part => part.IsTrusted));
    }

    public override string ToString() => Text;

    private static PromptText Of(string text, bool isTrusted) => text.Length == 0 ? Empty : new PromptText(text, [new Part(0, text.Length, isTrusted)]);

    // Without recursion: a text that was added to a thousand times is a thousand pieces deep.
    private void Join()
    {
        if (_pieces.Count == 0) return;
        var text = new StringBuilder(Length);
        var parts = new List<Part>();
        var left = new Stack<PromptText>([this]);
        while (left.TryPop(out PromptText? next))
        {
            for (int i = next._pieces.Count - 1; i >= 0; i--) left.Push(next._pieces[i]);
            foreach (Part part in next._parts) Append(parts, part.Shifted(text.Length));
            text.Append(next._text);
        }
        (_text, _parts, _pieces) = (text.ToString(), [.. parts], []);
    }

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
