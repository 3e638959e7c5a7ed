namespace Llama.Model.Torch;

/// <summary>libtorch could not be loaded; the message says what was sought, where, and what to do.</summary>
public sealed class TorchLoadException(string message, Exception? inner = null) : Exception(message, inner);
