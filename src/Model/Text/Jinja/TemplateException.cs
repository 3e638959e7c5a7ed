namespace Llama.Model.Text.Jinja;

/// <summary>A template could not render a conversation: its own raise_exception, or an operation its values do not have. The message is for the caller.</summary>
internal sealed class TemplateException(string message) : Exception(message);
