namespace Llama.Model.Text.Jinja;

/// <summary>namespace(…): the one object whose members a template may set, also from inside a loop.</summary>
internal sealed class Namespace(Dictionary<string, object?> members)
{
    public Dictionary<string, object?> Members => members;
}
