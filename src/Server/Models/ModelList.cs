namespace Llama.Server.Models;

/// <summary>The answer of <c>/v1/models</c>.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The served models.</param>
public sealed record ModelList(string Object, IReadOnlyList<ModelCard> Data);

/// <summary>One served model.</summary>
/// <param name="Id">What requests put in <c>model</c>.</param>
/// <param name="Object"><c>model</c>.</param>
/// <param name="Created">When this server came to serve it, in Unix seconds.</param>
/// <param name="OwnedBy">Who serves it.</param>
/// <param name="MaxModelLen">Most tokens of prompt and answer together; null while the model is loaded.</param>
public sealed record ModelCard(string Id, string Object, long Created, string OwnedBy, int? MaxModelLen);
