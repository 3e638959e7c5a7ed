using Llama.Server.Web.Hosting;

namespace Llama.Gateway.Hosting;

/// <summary>What the command line is answered with where it does not serve.</summary>
internal static class GatewayHelp
{
    private const int UsageError = 2;

    /// <summary>Answers a request for help and words that mean nothing, and gives the exit code; null when the gateway is to be run.</summary>
    public static int? TryAnswer(string[] args, TextWriter output, TextWriter error)
    {
        if (args.Any(arg => arg is "help" or "--help" or "-h" or "-?"))
        {
            output.WriteLine(Text);
            return 0;
        }
        if (args is not [{ Length: > 0 } word, ..] || word[0] is '-' or '/' || word == "health")
            return null;
        error.WriteLine($"'{word}' means nothing here; settings go as --Gateway:Key=value, and --help lists them.");
        return UsageError;
    }

    private const string Text = $"""
        Stands before several servers with one address: equal prefixes go to the same server, requests that have not begun are made by another when one fails.

        Usage: dotnet run -c Release --project deploy/Gateway [-- settings]
               dotnet run -c Release --project deploy/Gateway -- health [--urls <address>]   asks the gateway that runs here whether it is ready

          --urls <address>                        where to listen (default {ListenAddresses.Default}; also ASPNETCORE_URLS); https:// needs a certificate
          --help                                  this text

        Settings go as --Gateway:Key=value, as the environment variable Gateway__Key, or into appsettings.json:

          --Gateway:Replicas:0=<address>          a server, as http://host:port; :1, :2 … for more
          --Gateway:LookUpSeconds=<seconds>       how often host names are looked up, each address behind a name being a replica (default 0: a name is one replica)
          --Gateway:LoadFactor=<factor>           times the average load a replica may have before prefixes of its own go to another (default 1.25)
          --Gateway:ProbeSeconds=<seconds>        time between two probes of a replica's /health/ready (default 1)
          --Gateway:AnswerSeconds=<seconds>       how long a replica may be silent in the midst of a request (default 600)
          --Gateway:MaxFailures=<count>           replicas that may break off over one request before it is sent to no more of them (default 2)
          --Gateway:MaxRequestBodyBytes=<bytes>   largest request (default 4 MiB, as the server's)
          --Gateway:DrainSeconds=<seconds>        how long running requests may go on after SIGTERM (default 30), until streams end in an error event and whole answers in 503; a second SIGTERM ends them at once
          --Gateway:LogFormat=<kind>              log lines: console for people, json for machines (default console)
          --Gateway:Cors:Origins:0=<origin>       web pages of this origin may call; * for all (default: those that the servers let in, but for the gateway's own errors)
          --Kestrel:Certificates:Default:Path=<file>  certificate for https:// addresses (PEM with :KeyPath, or PFX with :Password)
          --Kestrel:Limits:RequestHeadersTimeout=<hh:mm:ss>  how long the head of a request may take to come (default 00:00:30)

        Routes of its own: /health/live, /health/ready, /metrics. All others are the servers'.
        """;
}
