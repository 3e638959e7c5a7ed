using System.ComponentModel.DataAnnotations;
using Llama.Server.Web.Requests;
using Llama.Server.Web.Settings;

namespace Llama.Gateway.Configuration;

/// <summary>Section <c>Gateway</c>: all of the gateway's settings.</summary>
internal sealed class GatewaySettings : IProgramSettings
{
    /// <summary>Addresses of the servers, e.g. <c>http://10.0.0.1:8080</c>. Several gateways before the same servers write them alike: equal prefixes are placed by address.</summary>
    public string[] Replicas { get; set; } = [];

    /// <summary>How often host names are looked up, so that each address behind a name is a replica; 0 takes a name for one replica.</summary>
    [Range(0, 3600)]
    public int LookUpSeconds { get; set; }

    /// <summary>How many times the average load a replica may have before prefixes that belong to it go to another.</summary>
    [Range(1.0, 100.0)]
    public double LoadFactor { get; set; } = 1.25;

    /// <summary>Time between two probes of a replica's <c>/health/ready</c>.</summary>
    [Range(1, 3600)]
    public int ProbeSeconds { get; set; } = 1;

    /// <summary>How long a replica may be silent in the midst of a request: no byte of an answer, nor of a stream.</summary>
    [Range(1, 86400)]
    public int AnswerSeconds { get; set; } = 600;

    /// <summary>How many replicas may break off over one request before it is sent to no more of them: it may be what they die of. One that refuses it, or cannot be reached, does not count.</summary>
    [Range(1, 1000)]
    public int MaxFailures { get; set; } = 2;

    [Range(1024, 1L << 30)]
    public long MaxRequestBodyBytes { get; set; } = 4 << 20;

    /// <summary>How long running requests may go on once the gateway is told to stop.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; set; } = 30;

    /// <summary>Which web pages of other origins may call, and so read the gateway's own errors too; as the servers have it.</summary>
    public CorsSettings Cors { get; set; } = new();

    /// <summary>How log lines are written: <c>console</c> for people, <c>json</c> for machines, one object a line.</summary>
    [Names("console|json", ErrorMessage = "Gateway:LogFormat must be console or json.")]
    public string LogFormat { get; set; } = "console";
}
