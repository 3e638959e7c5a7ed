namespace Llama.Model.Text.Jinja;

/// <summary>A name or member that is not there: false, empty and printed as nothing, but without members of its own.</summary>
internal sealed record Undefined(string Name)
{
    public TemplateException Fault() => new($"the chat template uses '{Name}', which is undefined");
}
