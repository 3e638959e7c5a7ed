using Llama.Server.Web.Requests;

namespace Llama.Server.Web.Settings;

/// <summary>Settings that each program of ours has.</summary>
internal interface IProgramSettings
{
    /// <summary>The web pages that may call.</summary>
    CorsSettings Cors { get; }

    /// <summary>Seconds that running requests may go on for once the program is told to stop.</summary>
    int DrainSeconds { get; }
}
