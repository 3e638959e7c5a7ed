namespace Llama.Server.Pages;

/// <summary>Where the page to try the API on is, for the pages to link to; registered where there is one.</summary>
/// <param name="Path">Relative to the chat page.</param>
internal sealed record DescriptionPage(string Path);
