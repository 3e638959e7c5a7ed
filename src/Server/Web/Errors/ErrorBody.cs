namespace Llama.Server.Web.Errors;

/// <summary>The body of every failed request.</summary>
/// <param name="Error">What went wrong.</param>
public sealed record ErrorBody(ErrorDetail Error);

/// <summary>OpenAI's four keys, always all present.</summary>
/// <param name="Message">What is wrong and what would be right.</param>
/// <param name="Type">Coarse class, e.g. <c>invalid_request_error</c>.</param>
/// <param name="Param">Path of the field at fault, or null.</param>
/// <param name="Code">Stable word for programs.</param>
public sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);
