using System.Text.Json;
using Llama.Server.Json;

namespace Llama.Server.Watching;

/// <summary>A view of the engine as it is sent, written once for all who watch.</summary>
internal sealed class EngineEvent(EngineView view)
{
    private readonly Lazy<byte[]> _whole = new(() => Write(view)), _nameless = new(() => Write(view.Nameless));

    /// <summary>JSON in UTF-8.</summary>
    /// <param name="withNames">Whether it says whose each request is.</param>
    public byte[] Json(bool withNames) => (withNames ? _whole : _nameless).Value;

    private static byte[] Write(EngineView view) => JsonSerializer.SerializeToUtf8Bytes(view, ApiJson.Web.EngineView);
}
