namespace Llama.Model.Text.Jinja;

/// <summary>
/// A chat template, parsed once and rendered by walking its tree: the subset of Jinja that published chat templates use, with the variables and functions that
/// Hugging Face gives them (transformers/utils/chat_template_utils.py).
/// </summary>
internal sealed class Template
{
    private readonly Block _body;
    private readonly TimeProvider _clock;

    private Template(Block body, TimeProvider clock) => (_body, _clock) = (body, clock);

    /// <exception cref="NotSupportedException">The template uses a construct outside the subset.</exception>
    /// <exception cref="InvalidDataException">The template is malformed.</exception>
    public static Template Parse(string source, TimeProvider clock) => new(TemplateParser.Parse(source, Functions.Names), clock);

    /// <summary>Renders; every string among the variables keeps the provenance it came with.</summary>
    /// <exception cref="TemplateException">The template cannot express this conversation.</exception>
    public PromptText Render(IReadOnlyDictionary<string, object?> variables)
    {
        var scope = new Scope(null);
        Functions.Define(scope, _clock);
        foreach ((string name, object? value) in variables) scope.Set(name, value);
        try
        {
            _body.Run(scope);
        }
        catch (InsufficientExecutionStackException)
        {
            throw new TemplateException("the chat template recurses too deeply");
        }
        return PromptText.Concat(scope.Output);
    }
}
