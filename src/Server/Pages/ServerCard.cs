namespace Llama.Server.Pages;

/// <summary>What the root answers to whoever does not want a page: who is here, and where things are.</summary>
/// <param name="Object"><c>server</c>.</param>
/// <param name="Version">The server's.</param>
/// <param name="Status">As <c>/health</c> says it.</param>
/// <param name="Model">The served model's id.</param>
/// <param name="MaxModelLen">Most tokens of prompt and answer together; null while the model is loaded.</param>
/// <param name="RequiresKey">Whether requests need a key.</param>
/// <param name="Defaults">How answers are drawn when a request does not say; null while the model is loaded.</param>
/// <param name="Links">Where things are, by name.</param>
public sealed record ServerCard(
    string Object, string Version, string Status, string Model, int? MaxModelLen, bool RequiresKey, SamplingDefaults? Defaults, IReadOnlyDictionary<string, string> Links);

/// <summary>What the checkpoint's authors recommend, or OpenAI's defaults.</summary>
/// <param name="Temperature">0 always takes the likeliest token.</param>
/// <param name="TopP">Share of the probability that is drawn from.</param>
/// <param name="TopK">Number of tokens that are drawn from; 0 for all.</param>
/// <param name="RepetitionPenalty">Above 1 makes repetition less likely.</param>
public sealed record SamplingDefaults(float Temperature, float TopP, int TopK, float RepetitionPenalty);
