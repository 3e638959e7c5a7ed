using System.CommandLine;
using Llama.Fleet;

Option<int> port = new("--port") { Description = "The first of five ports on 127.0.0.1 that are free.", DefaultValueFactory = _ => 9100 };
Option<string[]> fronts = new("--front") { Description = "What stands before the replicas: gateway, nginx, or both.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["gateway", "nginx"] };
fronts.AcceptOnlyFromAmong("gateway", "nginx");
Option<string[]> trials = new("--trial") { Description = "What is tried: kill, rolling, affinity.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["kill", "rolling", "affinity"] };
trials.AcceptOnlyFromAmong("kill", "rolling", "affinity");
RootCommand root = new("Three real servers behind a real proxy: one is killed, all are restarted in turn, conversations are followed. One line for each trial; exit code 1 when one fails.")
{
    port, fronts, trials,
};
root.SetAction(async (parsed, cancellation) =>
{
    bool isGood = true;
    foreach (ITrial trial in parsed.GetValue(trials)!.SelectMany(name => Trials.Of(name, parsed.GetValue(fronts)!)))
        isGood &= await trial.RunAsync(parsed.GetValue(port), cancellation);
    return isGood ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
