using System.ComponentModel.DataAnnotations;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;

namespace Llama.Server.Configuration;

/// <summary>Section <c>Server</c>: bounds of the HTTP side.</summary>
internal sealed class ServerSettings : IProgramSettings
{
    [Range(1024, 1L << 32)]
    public long MaxRequestBodyBytes { get; set; } = 4 << 20;

    /// <summary>Most answers to one request: <c>n</c> times the number of prompts.</summary>
    [Range(1, 1024)]
    public int MaxChoices { get; set; } = 128;

    /// <summary>Token limit of requests that give none; null lets them fill the context.</summary>
    [Range(1, int.MaxValue)]
    public int? DefaultMaxTokens { get; set; }

    /// <summary>White space of structured output: <c>compact</c> has none, <c>free</c> lets the model place some.</summary>
    [Names("compact|free", ErrorMessage = "Server:JsonWhitespace must be compact or free.")]
    public string JsonWhitespace { get; set; } = "compact";

    /// <summary>Most responses kept for <c>previous_response_id</c>; 0 keeps none. The oldest goes first.</summary>
    [Range(0, 1_000_000)]
    public int MaxStoredResponses { get; set; } = 1000;

    /// <summary>About how much memory those may take; a response that alone takes more is not kept, and says <c>store: false</c>.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaxStoredBytes { get; set; } = 64 << 20;

    /// <summary>Silence on a stream after which a comment line is sent. Before the first token the headers go out with it: what fails later is an event of the stream, and no status of its own.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; set; } = 15;

    /// <summary>Which web pages of other origins may call.</summary>
    public CorsSettings Cors { get; set; } = new();

    /// <summary>How log lines are written: <c>console</c> for people, <c>json</c> for machines, one object a line.</summary>
    [Names("console|json", ErrorMessage = "Server:LogFormat must be console or json.")]
    public string LogFormat { get; set; } = "console";

    /// <summary>Where the text of prompts and answers is written: <c>none</c>, <c>log</c>, <c>traces</c> or <c>both</c>.</summary>
    [Names("none|log|traces|both", ErrorMessage = "Server:RecordText must be none, log, traces or both.")]
    public string RecordText { get; set; } = "none";

    /// <summary>How long running requests may go on once the server is told to stop.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 30;
}
