using System.CommandLine;
using Llama.Soak;

RootCommand root = new("Tries one real server: for long, and with abuse.") { SoakVerb.Command() };
return await root.Parse(args).InvokeAsync();
