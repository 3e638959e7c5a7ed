using System.CommandLine;
using Llama.Server.Web.Hosting;

namespace Llama.Server.CommandLine;

/// <summary>What <c>--help</c> says without a verb: how to serve, and which verbs there are.</summary>
internal static class ServerHelp
{
    public static void Write(TextWriter output, IEnumerable<Command> verbs)
    {
        output.WriteLine(Opening);
        foreach (Command verb in verbs)
            output.WriteLine($"  {verb.Name,-36} {verb.Description!.Split('\n')[0]}");
        output.WriteLine();
        output.WriteLine(Settings);
    }

    private const string Opening = """
        Serves a Llama 2 checkpoint with an OpenAI-compatible API.

        Usage: dotnet run -c Release --project src/Server [-- settings]
               dotnet run -c Release --project src/Server -- <verb> [options] [settings]

        Verbs (each has a --help of its own):

        """;

    private const string Settings = $"""
          --urls <address>                     where to listen (default {ListenAddresses.Default}; also ASPNETCORE_URLS); https:// needs a certificate
          --version                            of this program
          --help                               this text

        Settings go as --Section:Key=value, as the environment variable Section__Key, or into appsettings.json:

          --Model:Path=<path>                  folder in Hugging Face layout or .gguf file (default: the bundled model)
          --Model:Name=<id>                    id in /v1/models and in requests (default: the folder's or file's name)
          --Model:Aliases:0=<id>               another id that requests may use
          --Model:Device=<device>              auto, cpu, cuda, cuda:N, or a list over which the layers are laid: cuda:0,cuda:1 (default auto: CUDA if there, else CPU)
          --Model:TensorParallel=<count>       devices that share every layer, heads and MLP columns cut for them; Model:Device lists a multiple of it, or a kind
                                               of which the first so many are taken (default 1)
          --Model:Dtype=<type>                 auto (codes as the files have them, else bfloat16), bfloat16, float32, int8 or int4; finer:
                                               int8-row (= int8), int8-g32, -g64, -g128, int4-g32, -g64 (= int4), -g128, and -zp behind those of int4;
                                               int8-outliers: int8, but inputs that stand out in 16 bits (LLM.int8()), on a CPU
          --Model:OutlierThreshold=<size>      with int8-outliers, from what size on an input stands out (default 6)
          --Model:Repack=<bool>                pack weights for a CPU with AVX-512 BF16 while loading: faster batches, but memory of this process alone instead of the
                                               file's pages (default: where that can be done and three quarters of the free memory hold them)
          --Model:Threads=<count>              threads that compute a step on a CPU (default: the cores the process may use)
          --Model:KvDtype=<type>               KV cache: auto, bfloat16, float32 or int8, half of bfloat16's memory (default auto: as the weights; with quantised ones bfloat16)
          --Model:Kernels=<kind>               fused or plain (default fused)
          --Model:ToolFormat=<format>          how tool calls are written: auto, hermes, llama3_json, mistral or pythonic (default auto: by the chat template)
          --Model:Deterministic=<bool>         the same text byte for byte whatever shares the batch (default false)
          --Model:LibTorch=<folder>            libraries of an installed PyTorch (default: those that came with the program)
          --Model:ContextLength=<tokens>       shortens the checkpoint's context
          --Model:BlockSize=<tokens>           tokens per KV block (default 16)
          --Model:BlockCount=<blocks>          KV blocks (default: from free memory)
          --Model:MemoryUtilization=<share>    share of the free memory for the KV cache (default 0.5 on CPU, 0.9 on CUDA, 0.25 of what a limit leaves when weights stream)
          --Model:MemoryLimit=<size>           most memory the device may use, such as 8GiB or 512MiB; one for all devices, or a list with one for each: weights that do not
                                               fit stay in their file (on a GPU in the host's memory) and stream in each step (default: none)
          --Scheduler:MaxBatchTokens=<tokens>  token budget of one step (default 512 on a CPU, 2,048 on a GPU)
          --Scheduler:MaxSequences=<count>     most requests running at once (default 256)
          --Scheduler:MaxQueueLength=<count>   most requests waiting (default 1024)
          --Scheduler:PrefixCache=<bool>       keep and find again computed prefixes (default true)
          --Scheduler:TracePath=<file>         add each request's lengths and times, no text, to this file (default: none)
          --Server:MaxRequestBodyBytes=<bytes> largest request (default 4 MiB)
          --Server:MaxChoices=<count>          most answers to one request (default 128)
          --Server:DefaultMaxTokens=<tokens>   token limit of requests that give none (default: what the context has room for)
          --Server:JsonWhitespace=<kind>       white space of structured output: compact (none) or free (default compact)
          --Server:MaxStoredResponses=<count>  responses kept for previous_response_id, oldest out first (default 1000; 0 keeps none)
          --Server:MaxStoredBytes=<bytes>      memory they may take (default 64 MiB)
          --Server:KeepAliveSeconds=<seconds>  silence on a stream before a comment line, also before its first token (default 15)
          --Server:LogFormat=<kind>            log lines: console for people, json for machines (default console)
          --Server:RecordText=<where>          writes the text of prompts and answers into the log, into traces, or both: none, log, traces or both (default none)
          --Server:DrainSeconds=<seconds>      how long running requests may go on after SIGTERM (default 30)
          --Server:Cors:Origins:0=<origin>     web pages of this origin may call; * for all (default: none)
          --Auth:ApiKeys:0=<key>               a key that may call, or its hash (default: none, open to all); further :Name, :Hash, :Models:0, :Weight,
                                               :MinPriority, :RequestsPerMinute, :TokensPerMinute, :MaxConcurrent (0: none) behind the number
          --Auth:KeysFile=<path>               JSON file with more keys, read again when it changes; 'key new' writes its lines
          --Auth:AdminKey=<key>                key of /admin, or its hash (default: /admin is closed)
          --Auth:MetricsKey=<key>              key of /metrics, or its hash (default: open; with a key it also counts by key)
          --RateLimits:RequestsPerMinute=<n>   generating requests of each key, or address on an open server, in any 60 s (default: no limit)
          --RateLimits:TokensPerMinute=<n>     the same for tokens of prompts and answers
          --RateLimits:MaxConcurrent=<n>       the same for requests at the same time
          --RateLimits:AssumedOutputTokens=<n> tokens an answer without max_tokens is taken to need until it is done (default 512)
          --RateLimits:Redis=<host:port,...>   where replicas count together (default: each process alone)
          --RateLimits:RedisPrefix=<text>      how its keys begin there (default llama)
          --RateLimits:RedisTimeoutMilliseconds=<ms>  after which a request is counted without it (default 50)
          --RateLimits:Replicas=<n>            replicas that share the limits: without Redis each keeps to its part (default 1)
          --Kestrel:Certificates:Default:Path=<file>  certificate for https:// addresses (PEM with :KeyPath, or PFX with :Password)
          --Kestrel:Limits:RequestHeadersTimeout=<hh:mm:ss>  how long the head of a request may take to come (default 00:00:30); further :KeepAliveTimeout, :MaxConcurrentConnections …
        """;
}
