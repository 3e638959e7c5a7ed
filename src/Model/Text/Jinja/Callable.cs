namespace Llama.Model.Text.Jinja;

/// <summary>A function or macro, as a value.</summary>
internal delegate object? Callable(Arguments arguments);
