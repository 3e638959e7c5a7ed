using System.CommandLine;
using Llama.Soak;
using Llama.Soak.Abuse;

RootCommand root = new("Tries one real server: for long, and with abuse.") { SoakVerb.Command(), AbuseVerb.Command() };
return await root.Parse(args).InvokeAsync();
